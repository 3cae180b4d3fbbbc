"""Starting a domain and cutting its power, safe to repeat and to race with others."""

from __future__ import annotations

import libvirt

from egovcloud.drivers.libvirt import domains
from egovcloud.drivers.libvirt.errors import code, is_absent
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import read_mark

_BY_HAND = (libvirt.VIR_DOMAIN_PAUSED_UNKNOWN, libvirt.VIR_DOMAIN_PAUSED_USER)


def start(domain: libvirt.virDomain) -> None:
    """Started already succeeds, also when somebody else starts it at the same moment."""
    if domains.is_active(domain):
        return
    try:
        domain.create()
    except libvirt.libvirtError as error:
        if code(error) != libvirt.VIR_ERR_OPERATION_INVALID or not domains.is_active(domain):
            raise


def go_on(domain: libvirt.virDomain) -> None:
    """Resume what somebody paused; what libvirt itself holds, for a migration or a broken disk, it lets go itself."""
    state, reason = domain.state()
    if state != libvirt.VIR_DOMAIN_PAUSED or reason not in _BY_HAND:
        return
    try:
        domain.resume()
    except libvirt.libvirtError as error:
        if code(error) != libvirt.VIR_ERR_OPERATION_INVALID:
            raise


def cut_power(domain: libvirt.virDomain) -> None:
    """Destroy; stopped or gone already succeeds."""
    try:
        if domains.is_active(domain):
            domain.destroy()
    except libvirt.libvirtError as error:
        if code(error) != libvirt.VIR_ERR_OPERATION_INVALID and not is_absent(error):
            raise


def end_work(session: Session, domain: libvirt.virDomain) -> None:
    """Take down a domain that runs, paused, only for an interrupted piece of our own work on its disks."""
    marker = read_mark(domains.read(domain, live=False))
    if marker is None or not marker.get("work"):
        return
    cut_power(domain)
    domains.mark_attribute(domain, session, "work", None)
