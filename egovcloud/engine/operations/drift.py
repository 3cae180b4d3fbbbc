"""Repair of a drift: waits for the operations that it consists of, or ensures what has none, and closes it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from egovcloud.domain.drift import KINDS as DRIFTS
from egovcloud.domain.errors import Permanent, Problem
from egovcloud.drivers.base import Driver
from egovcloud.engine.drifts import repair
from egovcloud.engine.drifts.subject import place_of
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind, Wait
from egovcloud.engine.operations.children import await_children
from egovcloud.engine.operations.common import SHORT
from egovcloud.engine.specs import image_spec, network_spec
from egovcloud.store.journal import transition
from egovcloud.store.models import Drift, Image, Network, Operation


def mend(run: Run) -> Result | Wait:
    """Idempotent: to ensure what is there changes nothing, and parts are waited for as often as asked."""
    with run.database.read() as session:
        drift = session.get_one(Drift, run.subject_id)
        if drift.kind not in repair.DIRECT:
            return await_children(run)
        host_id = place_of(session, drift, drift.host).id
        network = session.get(Network, drift.subject_id)
        image = session.get(Image, drift.subject_id)
    driver, host = run.providers.of_host(host_id)
    if network is not None and network.state != "deleted":
        driver.ensure_network(host, network_spec(network), within=SHORT)
        _confirm(driver, host, drift)
    elif image is not None and image.state != "deleted":
        driver.ensure_image(host, drift.place.partition("/")[2], image_spec(image), within=run.patience)
    else:
        raise Permanent("thing.absent", noun=drift.subject_type, id=drift.subject_id)
    return {}


def _confirm(driver: Driver, host: str, drift: Drift) -> None:
    """A cloud may keep a network that is in use as it is; then the drift stays open and says so."""
    survey = driver.survey(host, within=SHORT)
    looks = [thing.look for thing in survey.things if thing.owned.id == drift.subject_id]
    fact = DRIFTS[drift.kind].compares[0]
    if fact in drift.observed and any(getattr(look, fact, None) == drift.observed[fact] for look in looks):
        raise Permanent("drift.not_mended", fact=fact, value=drift.observed[fact])


def mended(session: Session, run: Run, result: Result, operation: Operation) -> None:
    """The next look says whether it holds."""
    drift = session.get_one(Drift, run.subject_id, populate_existing=True)
    transition(
        session,
        drift,
        "repaired",
        now=run.now,
        operation_id=operation.id,
        ended_at=run.now,
        outcome="repaired",
        error=None,
    )


def failed(session: Session, run: Run, operation: Operation, problem: Problem) -> None:
    drift = session.get_one(Drift, run.subject_id, populate_existing=True)
    if drift.state == "repairing":
        error = {"code": problem.code, "params": problem.params, "detail": problem.text("en")}
        transition(session, drift, "fail", now=run.now, operation_id=operation.id, error=error)


KINDS = (
    OperationKind(
        "drift.repair",
        "drift",
        (StepKind("mend", effect=mend, record=mended),),
        seconds=2400,
        on_failure=failed,
    ),
)
