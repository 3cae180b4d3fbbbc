"""Which kinds of endpoint there are, and what each of them is good for."""

COMPUTE = ("simulator", "libvirt", "openstack")  # runs machines
OBJECTS = ("simulator", "s3", "swift")  # holds buckets
DRIVERS = tuple(dict.fromkeys(COMPUTE + OBJECTS))
