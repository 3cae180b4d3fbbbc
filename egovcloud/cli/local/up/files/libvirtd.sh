#!/bin/sh
# A libvirtd of our own where no systemd runs one: libvirtd.sh DIRECTORY. It sees its own directories where libvirt
# looks for its one and only ones, so that a libvirt that somebody else runs on this machine is not touched.
set -eu
directory=$1
mount --make-rprivate /
for pair in run:/run/libvirt etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
  mkdir -p "${pair#*:}"
  mount --bind "$directory/${pair%%:*}" "${pair#*:}"
done
exec /usr/sbin/libvirtd --pid-file "$directory/libvirtd.pid" --config /etc/libvirt/libvirtd.conf
