"""Storage pools and volumes in libvirt's words (https://libvirt.org/formatstorage.html)."""

from __future__ import annotations

from egovcloud.domain.errors import Invalid
from egovcloud.drivers.libvirt.config import PoolConfig
from egovcloud.drivers.libvirt.markup import Element, el

KINDS = ("dir", "logical", "netfs", "rbd")
GIB = 1 << 30


def pool(name: str, config: PoolConfig) -> Element:
    """A pool of ``config.kind``; the host's own directories and volume groups stay as they are."""
    if config.kind not in KINDS:
        raise Invalid("input.choice", field="kind", name="kind", allowed=", ".join(KINDS))
    if config.kind == "dir":
        return el("pool", el("name", text=name), _target(config.target), type="dir")
    source = el("source")
    if config.kind == "logical":
        source.extend([el("name", text=config.source), el("format", type="lvm2")])
        return el("pool", el("name", text=name), source, _target(config.target), type="logical")
    source.extend([el("host", name=host) for host in config.source_hosts])
    if config.kind == "netfs":
        source.extend([el("dir", path=config.source), el("format", type=config.source_format)])
        return el("pool", el("name", text=name), source, _target(config.target), type="netfs")
    source.append(el("name", text=config.source))
    if config.auth_user:
        source.append(el("auth", el("secret", uuid=config.auth_secret), type="ceph", username=config.auth_user))
    return el("pool", el("name", text=name), source, type="rbd")


def _target(path: str) -> Element:
    return el("target", el("path", text=path))


def volume(
    name: str, capacity: int, format_: str, *, backing: tuple[str, str] | None = None, allocation: int | None = 0
) -> Element:
    """A volume of ``capacity`` bytes; ``backing`` is ``(path, format)`` of the layer that it only differs from."""
    return el(
        "volume",
        el("name", text=name),
        el("capacity", text=str(capacity), unit="bytes"),
        None if allocation is None else el("allocation", text=str(allocation), unit="bytes"),
        el("target", el("format", type=format_), el("permissions", el("mode", text="0600"))),
        None if backing is None else el("backingStore", el("path", text=backing[0]), el("format", type=backing[1])),
    )
