"""Steps that turn a requested instance into a running one."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from egovcloud.domain.errors import NotFound, Problem, Transient
from egovcloud.domain.quota import instance_amount
from egovcloud.drivers.base import Driver, InstanceSpec, Power
from egovcloud.engine import capacity, tenants
from egovcloud.engine.kinds import Result, Run, Wait
from egovcloud.engine.operations.common import (
    SHORT,
    instance_driver,
    look_again,
    observe,
    settle_power,
    told,
    wipes,
)
from egovcloud.scheduler import Ask
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Image, Instance, Operation, Port

FIRMWARE_NEEDS = {"bios": "bios_boot", "uefi": "uefi_boot", "direct": "direct_kernel_boot"}


def ask_for(session: Session, instance: Instance, volumes_gib: int = 0) -> Ask:
    """What placement has to find for ``instance``; ``volumes_gib`` is room that its volumes will need beside it."""
    image = session.get_one(Image, instance.image_id)
    return Ask(
        key=instance.id,
        vcpus=instance.vcpus,
        memory_mib=instance.memory_mib,
        disk_gib=instance.disk_gib + volumes_gib,
        zone_id=instance.zone_id,
        anti_affinity=instance.anti_affinity,
        needs=frozenset({FIRMWARE_NEEDS[image.firmware]}),
    )


def place(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """Decide on a host and claim it in the same transaction."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    ask = ask_for(session, instance, int(run.params.get("volumes_gib", 0)))
    best, verdicts = capacity.choose(session, ask)
    capacity.claim_host(
        session,
        best.host_id,
        best.generation,
        instance.vcpus,
        instance.memory_mib,
        host_name=best.host_name,
        now=run.now,
    )
    assert best.storage_pool_id is not None
    capacity.claim_pool(session, best.storage_pool_id, instance.disk_gib, capacity.disk_ratio(session, best.host_id))
    transition(
        session,
        instance,
        "build",
        now=run.now,
        operation_id=operation.id,
        host_id=best.host_id,
        storage_pool_id=best.storage_pool_id,
        placement={
            "host": best.host_name,
            "score": best.score,
            "reasons": [{"name": r.name, "code": r.code, "params": r.params} for r in best.reasons],
            "considered": len(verdicts),
            "refused": capacity.binding(verdicts) if any(not v.accepted for v in verdicts) else "",
        },
    )


def unplace(session: Session, run: Run, operation: Operation) -> None:
    """Give the host back; the address and the row stay for a retry."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.host_id is None or instance.storage_pool_id is None:
        return
    capacity.return_host(session, instance.host_id, instance.vcpus, instance.memory_mib)
    capacity.claim_pool(session, instance.storage_pool_id, -instance.disk_gib, 1.0)
    touch(session, instance, now=run.now, host_id=None, storage_pool_id=None, external_id=None)


def prepare(run: Run) -> Result:
    """Bring image, networks and security groups to the host: each is there once, however many need it."""
    driver, spec = told(run)
    tenants.ensure(run, driver, spec.tenant, SHORT)
    _bring(run, driver, spec)
    return {"host": spec.host}


def _bring(run: Run, driver: Driver, spec: InstanceSpec) -> None:
    host, once = spec.host, run.providers.prepared.once
    image = partial(driver.ensure_image, host, spec.pool, spec.image, within=run.patience)
    once((driver, host, spec.pool, spec.image.id), spec.image, image)
    for nic in spec.nics:
        network = partial(driver.ensure_network, host, nic.network, within=SHORT)
        once((driver, host, "network", nic.network.id), nic.network, network)
        for group in nic.security_groups:
            guard = partial(driver.ensure_security_group, host, group, within=SHORT)
            once((driver, host, "security_group", group.id), group, guard)


def create(run: Run) -> Result:
    """Make the machine; the driver finds its own work when this is the second time."""
    driver, spec = told(run)
    try:
        ref = driver.create_instance(spec, within=run.patience)
    except Problem as problem:
        run.providers.prepared.forget()  # somebody may have taken away what was there a moment ago
        if not isinstance(problem, NotFound):
            raise
        prepare(run)
        ref = driver.create_instance(spec, within=run.patience)
    return {"external_id": ref.external_id, "host": ref.host}


def created(session: Session, run: Run, result: Result, operation: Operation) -> None:
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    touch(session, instance, now=run.now, external_id=result["external_id"])


def uncreate(run: Run) -> None:
    """Remove what may have been made."""
    driver, host = instance_driver(run)
    if wipes(driver):
        driver.wipe_instance(host, run.subject_id, within=run.patience)
    driver.delete_instance(host, run.subject_id, within=run.patience)


def boot(run: Run) -> Result | Wait:
    """Wait until the cloud says that it runs."""
    facts = observe(run)
    if facts is None:
        raise Transient("instance.vanished", id=run.subject_id)
    if facts.power is Power.RUNNING:
        # Where a cloud let a second one in, this is the one that every later call will mean; the sweep takes the other.
        return {"power": facts.power.value, "external_id": facts.ref.external_id}
    return Wait(look_again(run))


def booted(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """It runs: the reservation becomes use."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    addresses = session.query(Port).filter(Port.instance_id == instance.id).count()
    amount = instance_amount(instance.vcpus, instance.memory_mib, instance.disk_gib, addresses)
    ledger.commit(
        session,
        instance.department_id,
        amount,
        key=operation.id,
        subject=("instance", instance.id),
        now=run.now,
    )
    if instance.external_id != result["external_id"]:
        touch(session, instance, now=run.now, external_id=result["external_id"])
    settle_power(session, run, operation, Power.RUNNING)


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """Nothing of it exists any more: give the quota back and keep the reason."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    ledger.settle(session, key=f"{operation.id}:{operation.lease}", subject=("instance", instance.id), now=run.now)
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
    transition(session, instance, "fail", now=run.now, operation_id=operation.id, error=error)


def retried(session: Session, operation: Operation, now: datetime) -> None:
    """Reserve again, or refuse the retry."""
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    addresses = session.query(Port).filter(Port.instance_id == instance.id).count()
    amount = instance_amount(instance.vcpus, instance.memory_mib, instance.disk_gib, addresses)
    ledger.reserve(
        session,
        instance.department_id,
        amount,
        key=f"{operation.id}:{operation.lease}",
        subject=("instance", instance.id),
        now=now,
    )
    transition(session, instance, "retry", now=now, operation_id=operation.id, error=None)
