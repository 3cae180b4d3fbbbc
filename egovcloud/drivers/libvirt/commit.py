"""Merging layers of a disk downward. QEMU does it, so a stopped domain is started paused for as long as it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import libvirt

from egovcloud.domain.errors import Transient
from egovcloud.drivers.libvirt import disk_xml, domains, running
from egovcloud.drivers.libvirt.errors import code
from egovcloud.drivers.libvirt.host import Session
from egovcloud.drivers.libvirt.markup import Element

_PIVOT = libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT
_ACTIVE = libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE
_NOT_READY = frozenset({libvirt.VIR_ERR_BLOCK_COPY_ACTIVE, libvirt.VIR_ERR_OPERATION_INVALID})


@dataclass(frozen=True)
class Merge:
    """``top`` and what lies between go into ``base``; ``active`` when the guest writes to ``top``."""

    target: str
    base: str
    top: str
    active: bool


def merge(session: Session, domain: libvirt.virDomain, work: Sequence[Merge]) -> None:
    """Do all merges and leave the domain as it was: running, or stopped with its definition on the merged files."""
    with _running(session, domain):
        for one in work:
            _begin(domain, one)
            session.step("commit.begun")
            _finish(session, domain, one)
            session.step("commit.merged")
    tops = {one.target: one.base for one in work if one.active}
    defined = {disk_xml.target_of(node): disk_xml.source_of(node) for node in _disks(domain)}
    if any(defined.get(target) != base for target, base in tops.items()):
        domains.point(session, domain, tops)


def _disks(domain: libvirt.virDomain) -> list[Element]:
    return domains.disks(domains.read(domain, live=False))


@contextmanager
def _running(session: Session, domain: libvirt.virDomain) -> Iterator[None]:
    """The domain has a QEMU process, which runs no guest code if it had none before.

    The mark ``work`` says so to whoever finds it after we were killed: it counts as stopped and is taken down.
    """
    if domains.is_active(domain):
        yield
        return
    domains.mark_attribute(domain, session, "work", "commit")
    session.step("commit.marked")
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    try:
        yield
    finally:
        running.cut_power(domain)
        domains.mark_attribute(domain, session, "work", None)


def _begin(domain: libvirt.virDomain, one: Merge) -> None:
    """Start the job unless an earlier attempt of ours still has it running."""
    if domain.blockJobInfo(one.target, 0):
        return
    domain.blockCommit(one.target, one.base, one.top, 0, _ACTIVE if one.active else 0)


def _finish(session: Session, domain: libvirt.virDomain, one: Merge) -> None:
    def done() -> bool:
        if not domain.blockJobInfo(one.target, 0):
            return True
        if one.active:
            _pivot(domain, one.target)
        return False

    if not session.until(done):
        raise Transient("driver.timeout", host=session.host, limit=session.deadline.limit)


def _pivot(domain: libvirt.virDomain, target: str) -> None:
    """Let the guest go on with the merged file, once QEMU says that both are equal."""
    info = domain.blockJobInfo(target, 0)
    if not info or info["cur"] != info["end"]:
        return
    try:
        domain.blockJobAbort(target, _PIVOT)
    except libvirt.libvirtError as error:
        if code(error) not in _NOT_READY:
            raise
