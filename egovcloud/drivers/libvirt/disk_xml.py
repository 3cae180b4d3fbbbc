"""Disks of a domain (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms)."""

from __future__ import annotations

import string
from collections.abc import Iterable

from egovcloud.drivers.libvirt.config import PoolConfig
from egovcloud.drivers.libvirt.markup import Element, el

SEED = "sda"
_ALIAS = "ua-vol-"


def disk(path: str, format_: str, target: str, *, pool: PoolConfig, volume_id: str | None = None) -> Element:
    """A virtio disk. ``volume_id`` marks a data volume, by alias for us and by serial for the guest.

    Discards stay in the guest: a block that it gave back would leave the file without having been overwritten.
    ``cache=none`` where another host may hold the file open, since live migration needs it.
    """
    return el(
        "disk",
        el(
            "driver",
            name="qemu",
            type=format_,
            cache="none" if pool.seen_elsewhere else None,
            discard="ignore",
        ),
        _source(path, pool),
        el("target", dev=target, bus="virtio"),
        el("serial", text=volume_id.replace("-", "")[:20]) if volume_id else None,
        el("alias", name=_ALIAS + volume_id) if volume_id else None,
        type={"logical": "block", "rbd": "network"}.get(pool.kind, "file"),
        device="disk",
    )


def disc(path: str) -> Element:
    """The seed, as a disc: it takes no name from the data disks and no snapshot looks at it."""
    return el(
        "disk",
        el("driver", name="qemu", type="raw"),
        el("source", file=path),
        el("target", dev=SEED, bus="scsi"),
        el("readonly"),
        type="file",
        device="cdrom",
    )


def _source(path: str, pool: PoolConfig) -> Element:
    if pool.kind == "logical":
        return el("source", dev=path)
    if pool.kind == "rbd":
        servers = [el("host", name=host) for host in pool.source_hosts]
        return el("source", *servers, _login(pool), protocol="rbd", name=path)
    return el("source", file=path)


def _login(pool: PoolConfig) -> Element | None:
    if not pool.auth_user:
        return None
    return el("auth", el("secret", type="ceph", uuid=pool.auth_secret), username=pool.auth_user)


def source_of(node: Element) -> str:
    """Path (or rbd name) that the disk reads from."""
    source = node.find("source")
    if source is None:
        return ""
    return source.get("file") or source.get("dev") or source.get("name") or ""


def target_of(node: Element) -> str:
    target = node.find("target")
    return "" if target is None else target.get("dev", "")


def volume_of(node: Element) -> str | None:
    """Our id of the data volume behind the disk; ``None`` for a root disk, a seed or a foreign disk."""
    alias = node.find("alias")
    name = "" if alias is None else alias.get("name", "")
    return name[len(_ALIAS) :] if name.startswith(_ALIAS) else None


def next_target(disks: Iterable[Element]) -> str:
    """The first free ``vd`` name after the root disk's."""
    taken = {target_of(node) for node in disks}
    for letter in string.ascii_lowercase[1:]:
        if f"vd{letter}" not in taken:
            return f"vd{letter}"
    raise ValueError("no free target")
