#!/bin/bash
# The first process of a machine on which nobody has set up anything: a network, a name and processes of its own, and no
# systemd, whichever this machine has.
set -eu
hostname bare
mount --make-rprivate /
mount -t sysfs sysfs /sys # shows the network cards of this namespace
[ ! -d /run/systemd ] || mount -t tmpfs tmpfs /run/systemd
ip link set lo up
echo ready
exec >/dev/null
# The kernel hands orphans to this process; bash reaps them while it waits.
while :; do
  sleep infinity &
  wait $! || true
done
