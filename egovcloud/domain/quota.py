"""What a quota counts, and what a thing of a given shape costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RESOURCES = ("instances", "vcpus", "memory_mib", "volume_gib", "addresses", "buckets", "object_gib")


@dataclass(frozen=True)
class Amount:
    """Counts per resource. ``volume_gib`` holds root disks, volumes and snapshots of volumes: they fill the same pools.

    ``object_gib`` is the sum of what buckets may hold, not of what they hold now.
    """

    instances: int = 0
    vcpus: int = 0
    memory_mib: int = 0
    volume_gib: int = 0
    addresses: int = 0
    buckets: int = 0
    object_gib: int = 0

    def items(self) -> Iterable[tuple[str, int]]:
        """(resource, count) for counts that are not zero, in the order of RESOURCES."""
        return [(name, getattr(self, name)) for name in RESOURCES if getattr(self, name)]

    def __add__(self, other: Amount) -> Amount:
        return Amount(**{name: getattr(self, name) + getattr(other, name) for name in RESOURCES})

    def __mul__(self, count: int) -> Amount:
        return Amount(**{name: getattr(self, name) * count for name in RESOURCES})

    def __neg__(self) -> Amount:
        return self * -1

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in RESOURCES}

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Amount:
        return cls(**{name: counts.get(name, 0) for name in RESOURCES})


def instance_amount(vcpus: int, memory_mib: int, disk_gib: int, addresses: int) -> Amount:
    """Cost of one instance with its root disk and addresses."""
    return Amount(instances=1, vcpus=vcpus, memory_mib=memory_mib, volume_gib=disk_gib, addresses=addresses)


def volume_amount(size_gib: int) -> Amount:
    """Cost of one volume, or of one snapshot of it: what Cinder's own quota counts for either, unless told not to."""
    return Amount(volume_gib=size_gib)


def floating_amount() -> Amount:
    """Cost of one floating address: it is an address like any other."""
    return Amount(addresses=1)


def bucket_amount(quota_gib: int) -> Amount:
    """Cost of one bucket that may hold so much."""
    return Amount(buckets=1, object_gib=quota_gib)


def object_amount(gib: int) -> Amount:
    """Cost of letting a bucket hold so much more."""
    return Amount(object_gib=gib)
