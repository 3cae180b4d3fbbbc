"""Steps that give an instance another size, another system, or other guards."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent, Problem
from egovcloud.domain.quota import Amount
from egovcloud.drivers.base import Power
from egovcloud.engine import capacity
from egovcloud.engine.kinds import Result, Run, Wait
from egovcloud.engine.operations.common import (
    SHORT,
    forget_snapshots,
    instance_driver,
    look_again,
    observe,
    settle_power,
    told,
)
from egovcloud.store import ledger
from egovcloud.store.journal import touch, transition
from egovcloud.store.models import Instance, Operation


def _difference(run: Run) -> tuple[int, int]:
    """(vCPU, MiB) that the new flavor has more than the old one."""
    to, was = run.params["to"], run.params["from"]
    return to["vcpus"] - was["vcpus"], to["memory_mib"] - was["memory_mib"]


def claim_difference(session: Session, run: Run, _: Result, operation: Operation) -> None:
    """The host must have room for the growth; it was asked to stay where its disks are."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if instance.host_id is None:
        raise Permanent("instance.not_placed", id=instance.id)
    capacity.claim_room(session, instance.host_id, *_difference(run), now=run.now)


def return_difference(session: Session, run: Run, operation: Operation) -> None:
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    if "claim" in run.results and instance.host_id:
        vcpus, memory = _difference(run)
        capacity.return_host(session, instance.host_id, vcpus, memory)


def resize(run: Run) -> Result:
    driver, host = instance_driver(run)
    to = run.params["to"]
    driver.resize_instance(host, run.subject_id, to["vcpus"], to["memory_mib"], within=SHORT)
    return {}


def unresize(run: Run) -> None:
    """Back to the old size, if it is stopped; a guest that runs was started with one size or the other."""
    driver, host = instance_driver(run)
    facts = driver.observe_instance(host, run.subject_id, within=SHORT)
    if facts is None:
        return
    if facts.power is Power.RUNNING:
        driver.stop_instance(host, run.subject_id, force=True, within=SHORT)
    was = run.params["from"]
    driver.resize_instance(host, run.subject_id, was["vcpus"], was["memory_mib"], within=SHORT)


def start_again(run: Run) -> Result:
    """Only what ran before is started."""
    if run.params.get("was_running"):
        driver, host = instance_driver(run)
        driver.start_instance(host, run.subject_id, within=SHORT)
    return {}


def confirm(run: Run) -> Result | Wait:
    facts = observe(run)
    if facts is None:
        raise Permanent("instance.vanished", id=run.subject_id)
    wanted = Power.RUNNING if run.params.get("was_running") else Power.STOPPED
    return {"power": facts.power.value} if facts.power is wanted else Wait(look_again(run))


def resized(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """The new shape is real: commit the growth or give back what shrank."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    vcpus, memory = _difference(run)
    subject = ("instance", instance.id)
    growth = Amount(vcpus=max(0, vcpus), memory_mib=max(0, memory))
    shrink = Amount(vcpus=max(0, -vcpus), memory_mib=max(0, -memory))
    key = operation.id
    ledger.commit(session, instance.department_id, growth, key=key, subject=subject, now=run.now)
    ledger.release(session, instance.department_id, shrink, key=key, subject=subject, now=run.now)
    to = run.params["to"]
    touch(
        session,
        instance,
        now=run.now,
        vcpus=to["vcpus"],
        memory_mib=to["memory_mib"],
        flavor_id=to["flavor_id"],
    )
    settle_power(session, run, operation, str(result["power"]))


def resize_failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    """Give back the growth that was reserved; the instance keeps its old shape and is looked at by the reconcile."""
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    vcpus, memory = _difference(run)
    growth = Amount(vcpus=max(0, vcpus), memory_mib=max(0, memory))
    ledger.cancel(
        session,
        instance.department_id,
        growth,
        key=f"{operation.id}:{operation.lease}",
        subject=("instance", instance.id),
        now=run.now,
    )
    error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
    transition(session, instance, "fail", now=run.now, operation_id=operation.id, error=error)


def prepare_rebuild(run: Run) -> Result:
    driver, spec = told(run, image_id=run.params["image_id"])
    driver.ensure_image(spec.host, spec.pool, spec.image, within=run.patience)
    return {}


def stop_hard(run: Run) -> Result | Wait:
    """A rebuild throws the system away, so that there is nothing to shut down cleanly."""
    driver, host = instance_driver(run)
    facts = driver.observe_instance(host, run.subject_id, within=SHORT)
    if facts is None or facts.power is not Power.RUNNING:
        return {}
    driver.stop_instance(host, run.subject_id, force=True, within=SHORT)
    return Wait(look_again(run))


def rebuild(run: Run) -> Result:
    driver, spec = told(run, image_id=run.params["image_id"])
    ref = driver.rebuild_instance(spec, within=run.patience)
    return {"external_id": ref.external_id}


def rebuilt(session: Session, run: Run, result: Result, operation: Operation) -> None:
    instance = session.get_one(Instance, run.subject_id, populate_existing=True)
    touch(
        session,
        instance,
        now=run.now,
        image_id=run.params["image_id"],
        external_id=run.results["rebuild"]["external_id"],
    )
    forget_snapshots(session, run, operation)  # they were of the disk that is gone
    settle_power(session, run, operation, str(result["power"]))


def apply_groups(run: Run) -> Result:
    driver, spec = told(run)
    driver.apply_security_groups(spec.host, run.subject_id, spec.nics, within=SHORT)
    return {}
