"""Asking for exactly one thing before a finding is believed: a list may lag behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from egovcloud.domain.drift import KINDS
from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import Driver
from egovcloud.planner.drift import Difference
from egovcloud.store.database import Database
from egovcloud.store.models import FloatingAddress, Host, Instance, StoragePool, Volume

QUESTIONS = 100  # in one look, for when a whole host of machines stops at once
LOOK = 10.0  # seconds that one question may take


def each(driver: Driver, database: Database, findings: Iterable[Difference]) -> Iterator[tuple[Difference, bool]]:
    """Those that are believed, and whether for certain; after ``QUESTIONS`` the rest waits for the second look."""
    left = QUESTIONS
    for finding in findings:
        if not KINDS[finding.code].sure:
            yield finding, False
            continue
        left -= 1
        answer = sure(driver, database, finding) if left >= 0 else False
        if answer is not None:
            yield finding, answer


def sure(driver: Driver, database: Database, finding: Difference) -> bool | None:
    """True when a direct question says the same, ``None`` when it says otherwise; false when there is no answer."""
    if finding.code.endswith(".gone"):
        return True if absent(driver, database, finding.noun, finding.id) else None
    if finding.noun != "instance":
        return True  # a host's size was asked for directly
    try:
        facts = driver.observe_instance(finding.host, finding.id, within=LOOK)
    except Problem:
        return False
    return True if facts is not None and facts.power.value == finding.observed["power"] else None


def absent(driver: Driver, database: Database, noun: str, id_: str) -> bool:
    """Whether the cloud says of an instance, a volume or an address that it is not there; silence is no answer."""
    try:
        if noun == "instance":
            with database.read() as session:
                host = session.scalars(select(Host.name).join(Instance).where(Instance.id == id_)).first()
            return host is not None and driver.observe_instance(host, id_, within=LOOK) is None
        if noun == "floating_address":
            return _nowhere(driver, database, id_)
        with database.read() as session:
            place = (
                select(Host.name, StoragePool.name)
                .join(Volume, Volume.host_id == Host.id)
                .join(StoragePool, StoragePool.id == Volume.storage_pool_id)
                .where(Volume.id == id_)
            )
            row = session.execute(place).first()
        return row is not None and driver.observe_volume(row[0], row[1], id_, within=LOOK) is None
    except Problem:
        return False


def _nowhere(driver: Driver, database: Database, id_: str) -> bool:
    """Of what belongs to the cloud as a whole, any host of it tells."""
    with database.read() as session:
        mine = select(FloatingAddress.provider_id).where(FloatingAddress.id == id_).scalar_subquery()
        hosts = select(Host.name).where(Host.provider_id == mine, Host.health == "up").order_by(Host.name)
        host = session.scalars(hosts.limit(1)).first()
    return host is not None and driver.observe_floating_address(host, id_, within=LOOK) is None
