"""Power and size of an instance, its screen and its serial log."""

from __future__ import annotations

import libvirt

from egovcloud.domain.errors import Conflict, Unsupported
from egovcloud.drivers.base import Power, Screen
from egovcloud.drivers.libvirt import domains, running, storage
from egovcloud.drivers.libvirt.errors import code
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import el


def start(session: Session, instance_id: str) -> None:
    found = domains.get(session, instance_id)
    running.end_work(session, found)
    running.start(found)
    running.go_on(found)


def stop(session: Session, instance_id: str, *, force: bool) -> None:
    found = domains.get(session, instance_id)
    if not domains.is_active(found):
        return
    if force or domains.power(found) is not Power.RUNNING:
        running.cut_power(found)
        return
    try:
        found.shutdown()
    except libvirt.libvirtError as error:
        if code(error) != libvirt.VIR_ERR_OPERATION_INVALID or domains.is_active(found):
            raise


def reboot(session: Session, instance_id: str, *, force: bool) -> None:
    """``Conflict("instance.stopped")`` when there is nothing to reboot."""
    found = domains.get(session, instance_id)
    if not domains.is_active(found):
        raise Conflict("instance.stopped", id=instance_id, host=session.host)
    if force and not session.config.simulated:
        found.reset(0)
    else:
        found.reboot(0)


def resize(session: Session, instance_id: str, vcpus: int, memory_mib: int) -> None:
    """Write the new size into the definition of a stopped instance."""
    found = domains.get(session, instance_id)
    domains.refuse_adopted(found)
    running.end_work(session, found)
    if domains.is_active(found):
        raise Conflict("instance.running", id=instance_id, host=session.host)
    document = domains.read(found, live=False)
    for tag, value, unit in (("memory", memory_mib, "MiB"), ("currentMemory", memory_mib, "MiB"), ("vcpu", vcpus, "")):
        node = document.find(tag)
        if node is None:
            continue
        node.text = str(value)
        node.attrib.clear()
        if unit:
            node.set("unit", unit)
    domains.redefine(session, document)


def screen(session: Session, instance_id: str) -> Screen:
    """Where VNC listens now; ``Conflict`` for a stopped instance, which has no screen."""
    found = domains.get(session, instance_id)
    if not domains.is_active(found):
        raise Conflict("instance.stopped", id=instance_id, host=session.host)
    graphics = domains.read(found, live=True).find("devices/graphics[@type='vnc']")
    listen = el("listen") if graphics is None else graphics.find("listen")
    if graphics is None or listen is None:
        raise Conflict("instance.no_screen", id=instance_id, host=session.host)
    if listen.get("type") == "socket":
        return Screen(path=listen.get("socket"))
    return Screen(host=listen.get("address"), port=int(graphics.get("port", "0")))


def serial_log(session: Session, instance_id: str, limit: int) -> bytes:
    """The end of the log, however long it is; empty before the guest wrote anything."""
    found = domains.get(session, instance_id)
    pool = storage.open_pool(session, session.names.state_pool)
    volume = storage.find(pool, session.names.serial(instance_id))
    if volume is None and domains.is_adopted(found):
        raise Unsupported("adoption.serial", id=instance_id)
    if volume is None or limit <= 0:
        return b""
    size = int(volume.info()[1])
    if not size:
        return b""
    return b"".join(storage.download(session, volume, offset=max(0, size - limit)))[-limit:]
