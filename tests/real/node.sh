#!/bin/bash
# The first process of one libvirt host: node.sh DIRECTORY NAME. Started by hosts.py in fresh network, mount, UTS and
# process namespaces, which end with it. Puts the host's own directories where libvirt looks for its one and only ones.
set -eu
directory=$1
hostname "$2"
mount --make-rprivate /
mount -t sysfs sysfs /sys # shows the network cards of this namespace
ip link set lo up
for pair in run:/run/libvirt etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
  mkdir -p "${pair#*:}"
  mount --bind "$directory/${pair%%:*}" "${pair#*:}"
done
mount --bind "$directory/hosts" /etc/hosts
mount --bind "$directory/resolv.conf" /etc/resolv.conf # a name server that cannot be reached costs 13 s a look-up
# A read-only file, so that libvirt sees that it cannot be used; of one that it could use it would ask QEMU at every call.
[ ! -e "$directory/no-kvm" ] || [ ! -e /dev/kvm ] || mount --bind "$directory/no-kvm" /dev/kvm
[ ! -e "$directory/no-kvm" ] || [ ! -e /dev/kvm ] || mount -o remount,ro,bind /dev/kvm
echo ready
exec >/dev/null
# The kernel hands orphans to this process; bash reaps them while it waits.
while :; do
  sleep infinity &
  wait $! || true
done
