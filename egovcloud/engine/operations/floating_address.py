"""Floating addresses: create, associate, disassociate and delete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem, Transient
from egovcloud.domain.quota import floating_amount
from egovcloud.drivers.base import Driver
from egovcloud.drivers.floating import FloatingSpec
from egovcloud.engine import tenants
from egovcloud.engine.claims import OPEN
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.engine.operations.volume import ready_instance
from egovcloud.engine.specs import network_spec
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import FloatingAddress, Host, Instance, Network, Operation, Port, Provider

_fail = fail_subject(FloatingAddress)


def _row(session: Session, run: Run) -> FloatingAddress:
    return session.get_one(FloatingAddress, run.subject_id, populate_existing=True)


def _where(run: Run) -> tuple[Driver, str, FloatingAddress]:
    """(driver, host, row): the host of the instance that it is for, or any that answers; they are all of one cloud."""
    with run.database.read() as session:
        row = session.get_one(FloatingAddress, run.subject_id)
        instance = session.get(Instance, run.params.get("instance_id") or row.instance_id or "")
        first = case((Host.id == (instance.host_id if instance else None), 0), (Host.health == "up", 1), else_=2)
        hosts = select(Host.id).where(Host.provider_id == row.provider_id).order_by(first, Host.name)
        host_id = session.scalars(hosts.limit(1)).first()
        if host_id is None:
            provider = session.get(Provider, row.provider_id or "")
            raise Transient("floating_address.no_host", provider=provider.name if provider else "")
    driver, host = run.providers.of_host(host_id)
    return driver, host, row


# -- create --------------------------------------------------------------------------------------------------------
def begin(session: Session, run: Run, _: Result, operation: Operation) -> None:
    transition(session, _row(session, run), "build", now=run.now, operation_id=operation.id)


def create(run: Run) -> Result:
    """The network may not be on this cloud yet: its router is what leads to the outside."""
    driver, host, row = _where(run)
    with run.database.read() as session:
        network = network_spec(session.get_one(Network, row.network_id))
    driver.ensure_network(host, network, within=SHORT)
    tenants.ensure(run, driver, row.project_id, SHORT)
    facts = driver.create_floating_address(host, FloatingSpec(row.id, network, row.project_id), within=SHORT)
    # Where a cloud let a second one in, what is seen is what every later call will mean; the sweep takes the other.
    facts = driver.observe_floating_address(host, row.id, within=SHORT) or facts
    return {"external_id": facts.ref.external_id, "address": facts.address}


def uncreate(run: Run) -> None:
    driver, host, row = _where(run)
    driver.delete_floating_address(host, row.id, within=SHORT)


def uncreated(session: Session, run: Run, operation: Operation) -> None:
    touch(session, _row(session, run), now=run.now, external_id=None, address="")


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    row = _row(session, run)
    subject = ("floating_address", row.id)
    ledger.commit(session, row.department_id, floating_amount(), key=operation.id, subject=subject, now=run.now)
    told = {"external_id": result["external_id"], "address": result["address"]}
    transition(session, row, "ready", now=run.now, operation_id=operation.id, observed_at=run.now, error=None, **told)


def create_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    subject = ("floating_address", run.subject_id)
    ledger.settle(session, key=f"{operation.id}:{operation.lease}", subject=subject, now=run.now)
    _fail(session, run, operation, problem)


def create_retried(session: Session, operation: Operation, now: datetime) -> None:
    row = session.get_one(FloatingAddress, operation.subject_id, populate_existing=True)
    subject, key = ("floating_address", row.id), f"{operation.id}:{operation.lease}"
    ledger.reserve(session, row.department_id, floating_amount(), key=key, subject=subject, now=now)
    transition(session, row, "retry", now=now, operation_id=operation.id, error=None)


# -- associate and disassociate ------------------------------------------------------------------------------------
def begin_associate(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """For an association that was planned before the address existed, it enters the state only now."""
    row = _row(session, run)
    if row.state != "associating":
        instance = ready_instance(session, run.params["instance_id"])
        transition(session, row, "associate", now=run.now, operation_id=operation.id, instance_id=instance.id)


def _mac(run: Run, row: FloatingAddress, instance_id: str) -> str:
    with run.database.read() as session:
        mine = select(Port.mac).where(Port.instance_id == instance_id, Port.network_id == row.network_id)
        mac = session.scalars(mine.order_by(Port.position)).first()
        if mac is None:
            instance = session.get_one(Instance, instance_id).name
            network = session.get_one(Network, row.network_id).name
            raise Permanent("floating_address.other_network", instance=instance, network=network)
    return mac


def associate(run: Run) -> Result:
    driver, host, row = _where(run)
    instance_id = str(run.params["instance_id"])
    driver.associate_floating_address(host, row.id, instance_id, _mac(run, row, instance_id), within=SHORT)
    return {}


def unassociate(run: Run) -> None:
    driver, host, row = _where(run)
    driver.disassociate_floating_address(host, row.id, within=SHORT)


def associated(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """Unless the instance went meanwhile, and the cloud took the address from its port."""
    row = _row(session, run)
    instance = session.get_one(Instance, run.params["instance_id"], populate_existing=True)
    if instance.state == "deleted":
        _let_go(session, run, operation, row, None)
        return
    transition(
        session,
        row,
        "associated",
        now=run.now,
        operation_id=operation.id,
        instance_id=instance.id,
        observed_at=run.now,
        error=None,
    )


def retry_associate(session: Session, operation: Operation, now: datetime) -> None:
    """Its first step takes the address into the state."""


def associate_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It is still ours and still free."""
    row = _row(session, run)
    if row.state == "associating":
        _let_go(session, run, operation, row, problem)


def _let_go(session: Session, run: Run, operation: Operation, row: FloatingAddress, problem: Problem | None) -> None:
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")} if problem else None
    transition(session, row, "disassociated", now=run.now, operation_id=operation.id, instance_id=None, error=error)


def disassociate(run: Run) -> Result:
    driver, host, row = _where(run)
    driver.disassociate_floating_address(host, row.id, within=SHORT)
    return {}


def reassociate(run: Run) -> None:
    """The journal is about to say that it is still associated; when it is, this changes nothing."""
    driver, host, row = _where(run)
    instance_id = run.params.get("instance_id")
    if instance_id:
        driver.associate_floating_address(host, row.id, instance_id, _mac(run, row, instance_id), within=SHORT)


def disassociated(session: Session, run: Run, result: Result, operation: Operation) -> None:
    row = _row(session, run)
    if row.state == "disassociating":  # else it went with its instance
        _let_go(session, run, operation, row, None)


def disassociate_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """It still leads to the instance."""
    row = _row(session, run)
    if row.state == "disassociating":
        transition(session, row, "associated", now=run.now, operation_id=operation.id)


# -- with an instance ----------------------------------------------------------------------------------------------
def of_instance(session: Session, instance_id: str) -> list[FloatingAddress]:
    """Those that lead to an instance, or are about to."""
    mine = select(FloatingAddress).where(FloatingAddress.instance_id == instance_id)
    return list(session.scalars(mine.order_by(FloatingAddress.id).execution_options(populate_existing=True)))


def leave(session: Session, instance_id: str, operation: Operation, now: datetime) -> None:
    """The instance is to go: its addresses are on their way to being free."""
    for row in of_instance(session, instance_id):
        if row.state == "in_use":
            transition(session, row, "disassociate", now=now, operation_id=operation.id)


def left(session: Session, instance_id: str, operation: Operation, now: datetime) -> None:
    """The instance is gone, and the cloud took the addresses from its ports.

    One that is just being associated is left to that operation, which does not find the instance any more.
    """
    for row in of_instance(session, instance_id):
        event = {"in_use": "seen_disassociated", "disassociating": "disassociated"}.get(row.state)
        if event is not None:
            transition(session, row, event, now=now, operation_id=operation.id, instance_id=None)


def stay(session: Session, instance_id: str, operation: Operation, now: datetime) -> None:
    """The instance did not go after all; what an operation of its own is about to take is left to that one."""
    for row in of_instance(session, instance_id):
        busy = select(Operation.id).where(Operation.subject_id == row.id, Operation.state.in_(OPEN))
        if row.state == "disassociating" and session.scalars(busy.limit(1)).first() is None:
            transition(session, row, "associated", now=now, operation_id=operation.id)


# -- delete --------------------------------------------------------------------------------------------------------
def delete(run: Run) -> Result:
    driver, host, row = _where(run)
    driver.delete_floating_address(host, row.id, within=SHORT)
    return {}


def deleted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    row = _row(session, run)
    ledger.settle(session, key=operation.id, subject=("floating_address", row.id), now=run.now)
    transition(session, row, "deleted", now=run.now, operation_id=operation.id, instance_id=None, deleted_at=run.now)


def retry_delete(session: Session, operation: Operation, now: datetime) -> None:
    row = session.get_one(FloatingAddress, operation.subject_id, populate_existing=True)
    transition(session, row, "delete", now=now, operation_id=operation.id)


NOUN = "floating_address"
KINDS = (
    OperationKind(
        "floating_address.create",
        NOUN,
        (
            StepKind("begin", record=begin),
            StepKind("create", effect=create, record=created, undo=uncreate, undo_record=uncreated),
        ),
        seconds=300,
        on_failure=create_failed,
        on_retry=create_retried,
    ),
    OperationKind(
        "floating_address.associate",
        NOUN,
        (
            StepKind("begin", record=begin_associate),
            StepKind("associate", effect=associate, record=associated, undo=unassociate),
        ),
        seconds=300,
        on_failure=associate_failed,
        on_retry=retry_associate,
    ),
    OperationKind(
        "floating_address.disassociate",
        NOUN,
        (StepKind("disassociate", effect=disassociate, record=disassociated, undo=reassociate),),
        seconds=300,
        on_failure=disassociate_failed,
    ),
    OperationKind(
        "floating_address.delete",
        NOUN,
        (StepKind("delete", effect=delete, record=deleted),),
        seconds=300,
        on_failure=_fail,
        on_retry=retry_delete,
        cancellable=False,
    ),
)
