#!/bin/bash
# The first process of one machine: machine.sh TREE DIRECTORY NAME GROUP. Started in fresh network, mount, UTS, IPC and process
# namespaces, which end with it. Lays the machine's own files over the tree and becomes its systemd.
set -eu
tree=$1 directory=$2 name=$3 group=$4 root=$2/root
mount --make-rprivate /
mkdir -p "$directory"/{upper,work,root,cgroup}
mkdir -p "$directory/upper/etc"
echo "$name" >"$directory/upper/etc/hostname"
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$directory/upper,workdir=$directory/work" "$root"
# systemd keeps its services apart by control groups: below one of this machine's own, which it takes for the root.
mount -t cgroup2 cgroup2 "$directory/cgroup"
mkdir -p "$directory/cgroup/$group"
echo 0 >"$directory/cgroup/$group/cgroup.procs"
export root name
exec unshare --cgroup bash -eu -c '
  mount -t proc proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys" # the kernel is not this machine'"'"'s alone
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,size=64m tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  hostname "$name"
  cd "$root"
  mkdir -p old
  pivot_root . old
  echo ready
  exec </dev/null >/dev/null 2>&1
  umount -l /old
  mount --make-rshared / # credentials reach a service by propagation, and in a container systemd leaves this to us
  exec env -i container=egovcloud-test PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 /lib/systemd/systemd'
