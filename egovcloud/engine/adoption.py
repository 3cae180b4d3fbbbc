"""What an adopted thing counts for: capacity, quota and addresses, taken and given back by the same rules as ours.

``origin`` of the row says how it was found, so that a retry can take everything again. Capacity is counted and never
refused: the thing is there already, and its host carries it whether we know of it or not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete as sql_delete
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from egovcloud.domain.ids import derived_id
from egovcloud.domain.quota import Amount, instance_amount, volume_amount
from egovcloud.engine import capacity
from egovcloud.store import ledger
from egovcloud.store.models import Instance, InstanceSecurityGroup, Port, StoragePool, Volume


def amount_of(row: Instance | Volume) -> Amount:
    """What it costs its department; a network card counts as an address, known or not."""
    if isinstance(row, Volume):
        return volume_amount(row.size_gib)
    return instance_amount(row.vcpus, row.memory_mib, row.disk_gib, len((row.origin or {}).get("nics", ())))


def volumes_of(session: Session, instance: Instance) -> list[Volume]:
    """The volumes that came along with it, whatever became of them."""
    ids = (instance.origin or {}).get("volumes", [])
    return list(session.scalars(select(Volume).where(Volume.id.in_(ids)).order_by(Volume.id)))


def take(session: Session, row: Instance | Volume, *, key: str, now: datetime) -> None:
    """Count it: quota is reserved, or refused with the node that is full; the rest is noted."""
    noun = "volume" if isinstance(row, Volume) else "instance"
    ledger.reserve(session, row.department_id, amount_of(row), key=f"{key}:{row.id}", subject=(noun, row.id), now=now)
    _count(session, row, 1)
    if isinstance(row, Instance):
        for position, nic in enumerate((row.origin or {}).get("nics", ())):
            session.add(_port(row, position, nic))
    session.flush()


def commit(session: Session, row: Instance | Volume, *, key: str, now: datetime) -> None:
    """It bears our mark: what was reserved is in use."""
    noun = "volume" if isinstance(row, Volume) else "instance"
    ledger.commit(session, row.department_id, amount_of(row), key=f"{key}:{row.id}", subject=(noun, row.id), now=now)


def give_back(session: Session, row: Instance | Volume, *, key: str, now: datetime) -> None:
    """Quota, capacity and addresses come back in one moment."""
    noun = "volume" if isinstance(row, Volume) else "instance"
    ledger.settle(session, key=f"{key}:{row.id}", subject=(noun, row.id), now=now)
    _count(session, row, -1)
    if isinstance(row, Instance):
        session.execute(sql_delete(Port).where(Port.instance_id == row.id))
        session.execute(sql_delete(InstanceSecurityGroup).where(InstanceSecurityGroup.instance_id == row.id))


def _count(session: Session, row: Instance | Volume, sign: int) -> None:
    if isinstance(row, Instance) and row.host_id:
        capacity.return_host(session, row.host_id, -sign * row.vcpus, -sign * row.memory_mib)
    if row.storage_pool_id:
        size = row.size_gib if isinstance(row, Volume) else row.disk_gib
        pool = update(StoragePool).where(StoragePool.id == row.storage_pool_id)
        session.execute(
            pool.values(allocated_gib=StoragePool.allocated_gib + sign * size),
            execution_options={"synchronize_session": False},
        )


def _port(instance: Instance, position: int, nic: dict[str, Any]) -> Port:
    """In a network of ours only with the address that it holds there."""
    return Port(
        id=derived_id(instance.id, nic["mac"]),
        instance_id=instance.id,
        network_id=nic["network_id"] if nic["address"] else None,
        network_name=str(nic["network"])[:120],
        position=position,
        mac=nic["mac"],
        address=nic["address"],
    )
