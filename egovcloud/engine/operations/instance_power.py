"""Steps that change an instance's power, by asking first and watching what comes of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Permanent
from egovcloud.drivers.base import Power
from egovcloud.engine.kinds import Result, Run, Wait
from egovcloud.engine.operations.common import SHORT, instance_driver, look_again, observe, settle_power
from egovcloud.store.journal import transition
from egovcloud.store.models import Instance, Operation

GRACE = 60.0  # seconds for a guest to power off by itself, unless the user says otherwise


def start(run: Run) -> Result:
    driver, host = instance_driver(run)
    driver.start_instance(host, run.subject_id, within=SHORT)
    return {}


def reboot(run: Run) -> Result:
    driver, host = instance_driver(run)
    driver.reboot_instance(host, run.subject_id, force=bool(run.params.get("force")), within=SHORT)
    return {}


def await_running(run: Run) -> Result | Wait:
    facts = observe(run)
    if facts is None:
        raise Permanent("instance.vanished", id=run.subject_id)
    return {"power": facts.power.value} if facts.power is Power.RUNNING else Wait(look_again(run))


def ask_to_stop(run: Run) -> Result:
    """Ask the guest politely, or cut the power when force was asked for."""
    driver, host = instance_driver(run)
    facts = driver.observe_instance(host, run.subject_id, within=SHORT)
    if facts is not None and facts.power is Power.STOPPED:
        return {"was": facts.power.value}
    driver.stop_instance(host, run.subject_id, force=bool(run.params.get("force")), within=SHORT)
    return {"was": facts.power.value if facts else "unknown"}


def await_stopped(run: Run) -> Result | Wait:
    """Wait for the guest up to the limit that the user sees, then cut the power."""
    facts = observe(run)
    if facts is None:
        raise Permanent("instance.vanished", id=run.subject_id)
    if facts.power in (Power.STOPPED, Power.CRASHED):
        return {"power": Power.STOPPED.value, "forced": run.step_age >= _grace(run)}
    if run.step_age >= _grace(run):
        driver, host = instance_driver(run)
        driver.stop_instance(host, run.subject_id, force=True, within=SHORT)
    return Wait(look_again(run))


def _grace(run: Run) -> float:
    return 0.0 if run.params.get("force") else float(run.params.get("limit_seconds", GRACE))


def seen(session: Session, run: Run, result: Result, operation: Operation) -> None:
    settle_power(session, run, operation, str(result["power"]))


def retry_start(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    transition(session, instance, "start", now=now, operation_id=operation.id)


def retry_stop(session: Session, operation: Operation, now: datetime) -> None:
    instance = session.get_one(Instance, operation.subject_id, populate_existing=True)
    transition(session, instance, "stop", now=now, operation_id=operation.id)
