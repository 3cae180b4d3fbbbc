"""What the driver must be told about a host, because libvirt cannot be asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FILE_KINDS = frozenset({"dir", "netfs"})


@dataclass(frozen=True)
class PoolConfig:
    """One storage pool of a host, defined through libvirt when it is absent.

    ``kind`` is ``dir``, ``logical``, ``netfs`` or ``rbd``; ``target`` the directory (dir, netfs) or the volume
    group's device folder (logical). ``source`` is the volume group (logical), the exported path (netfs) or the
    Ceph pool (rbd); ``source_hosts`` the servers of the last two; ``auth_user`` and ``auth_secret`` (a libvirt
    secret's UUID) log in to Ceph. ``shared`` states that other hosts see the very same files under this name.
    """

    kind: str = "dir"
    target: str = ""
    source: str = ""
    source_hosts: tuple[str, ...] = ()
    source_format: str = "auto"
    auth_user: str = ""
    auth_secret: str = ""
    shared: bool = False

    @property
    def files(self) -> bool:
        """Whether its volumes are files, which alone can hold qcow2 chains."""
        return self.kind in FILE_KINDS

    @property
    def seen_elsewhere(self) -> bool:
        """Whether another host may hold a disk of this pool open."""
        return self.shared or self.kind in {"netfs", "rbd"}


@dataclass(frozen=True)
class HostConfig:
    """One libvirt host.

    ``state_dir`` is a directory on the host for seeds, kernels and serial logs; no two hosts may share it.
    ``socket_dir`` holds the VNC sockets, writable for QEMU's user and short (108 bytes bound a socket's path);
    ``None`` lets libvirt choose. ``unix_sockets`` false makes VNC listen on ``vnc_address`` with a port instead.
    ``virt`` is ``auto``, ``kvm`` or ``qemu``: ``auto`` believes libvirt, so whoever knows better must say so.
    ``migration_uri`` is how *another host's* libvirtd reaches this one (``qemu+tls://hv1/system``): migration is
    then peer to peer and survives our own death; ``migration_address`` (``tcp://10.0.0.1``) carries the memory.
    ``tb_cache_mib`` bounds the translation cache of emulated guests.
    """

    uri: str
    pools: Mapping[str, PoolConfig] = field(default_factory=dict)
    state_dir: str = "/var/lib/egovcloud/libvirt"
    socket_dir: str | None = None
    unix_sockets: bool = True
    vnc_address: str = "127.0.0.1"
    virt: str = "auto"
    cpu: str | None = None
    emulator: str | None = None
    tb_cache_mib: int = 64
    migration_uri: str | None = None
    migration_address: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether this is libvirt's own test driver, which keeps everything in this process's memory."""
        return self.uri.startswith("test:")
