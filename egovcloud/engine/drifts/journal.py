"""What was found becomes rows: opened, seen again, closed by itself; and acted upon as the policies say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from egovcloud.domain.drift import ACCEPT, KINDS, REPAIR
from egovcloud.domain.errors import Conflict, Problem
from egovcloud.domain.ids import new_id
from egovcloud.engine.claims import OPEN
from egovcloud.engine.drifts import accept, repair
from egovcloud.planner.drift import Comparison, Difference
from egovcloud.store.base import Model
from egovcloud.store.journal import NOUNS, emit, touch, transition
from egovcloud.store.models import Drift, DriftPolicy, Operation, StoragePool

log = structlog.get_logger()

# Somebody else was at it; the next look tries again.
PASSING = frozenset({"drift.at_work", "placement.conflict", "row.changed", "row.duplicate", "state.changed"})
RELAPSE = timedelta(hours=1)  # what comes back sooner after its repair is not repaired again unasked

MODELS: dict[str, type[Model]] = {noun: model for model, noun in NOUNS.items()} | {"storage_pool": StoragePool}


def policies(session: Session) -> dict[str, str]:
    """What is to be done about every kind unasked."""
    chosen = {row.kind: row.policy for row in session.scalars(select(DriftPolicy))}
    return {code: chosen.get(code, kind.default) for code, kind in KINDS.items()}


def live(session: Session, provider_id: str) -> Sequence[Drift]:
    """Everything that is not closed."""
    return session.scalars(select(Drift).where(Drift.provider_id == provider_id, Drift.state != "closed")).all()


def vanished(session: Session, provider_id: str, comparison: Comparison) -> list[str]:
    """Ids of live drifts that this look does not find any more, or whose subject is gone for good."""
    found = {finding.key for finding in comparison.findings}
    ids = []
    for drift in live(session, provider_id):
        if (drift.kind, drift.subject_id, drift.place) in found:
            continue
        covered = comparison.covers(drift.subject_type, drift.subject_id, drift.place)
        if covered or _subject(session, drift.subject_type, drift.subject_id) is None:
            ids.append(drift.id)
    return ids


def _subject(session: Session, noun: str, id_: str) -> Model | None:
    """The row that a drift is about, unless it was deleted."""
    row = session.get(MODELS[noun], id_)
    return None if row is None or getattr(row, "state", "") == "deleted" else row


def as_data(findings: Iterable[tuple[Difference, bool]]) -> list[dict[str, Any]]:
    """Findings as a step's result; ``sure`` ones were asked for directly in the same look."""
    return [{**asdict(finding), "sure": sure} for finding, sure in findings]


def write(
    session: Session,
    provider_id: str,
    found: Iterable[Mapping[str, Any]],
    gone: Iterable[str],
    *,
    looked_at: datetime,
    now: datetime,
    operation: Operation,
) -> None:
    """``looked_at`` is when the look began: what an operation touched since then is left to the next look."""
    known = {(d.kind, d.subject_id, d.place): d for d in live(session, provider_id)}
    by_id = {drift.id: drift for drift in known.values()}
    for id_ in gone:
        drift = by_id.get(id_)
        if drift is not None and drift.state in ("open", "accepted"):
            outcome = "accepted" if drift.state == "accepted" else "vanished"
            transition(session, drift, "vanish", now=now, operation_id=operation.id, ended_at=now, outcome=outcome)
            known.pop((drift.kind, drift.subject_id, drift.place), None)
    chosen = policies(session)
    for one in found:
        finding = Difference(**{key: value for key, value in one.items() if key != "sure"})
        if _touched(session, finding, looked_at):
            continue
        drift = known.get(finding.key)
        before = drift is not None and drift.observed == finding.observed
        drift = _note(session, provider_id, drift, finding, now, operation)
        if drift is not None and drift.state == "open" and (before or one["sure"]):
            _act(session, drift, chosen[drift.kind], now)


def _touched(session: Session, finding: Difference, since: datetime) -> bool:
    """Whether the row moved on, or an operation had it in hand, since the look began."""
    row = _subject(session, finding.noun, finding.id)
    if row is None:
        return True
    # A host's generation rises with every claim, which changes nothing of what was compared.
    if finding.noun not in ("host", "storage_pool") and row.generation != finding.generation:  # type: ignore[attr-defined]
        return True
    recent = select(Operation.id).where(
        Operation.subject_id == finding.id, Operation.state.in_(OPEN) | (Operation.updated_at >= since)
    )
    return session.scalars(recent.limit(1)).first() is not None


def _note(
    session: Session,
    provider_id: str,
    drift: Drift | None,
    finding: Difference,
    now: datetime,
    operation: Operation,
) -> Drift | None:
    """The drift's row, made or brought up to date; ``None`` while a repair is at work on it."""
    if drift is None:
        return _open(session, provider_id, finding, now, operation)
    if drift.state == "repairing":
        return None
    changes: dict[str, Any] = {
        "last_seen_at": now,
        "host": finding.host,
        "desired": finding.desired,
        "looks": drift.looks + 1,
    }
    if drift.observed != finding.observed:
        changes |= {"observed": finding.observed, "error": None, "looks": 1}
    if drift.state == "accepted" and not (KINDS[drift.kind].known and drift.observed == finding.observed):
        transition(session, drift, "reopen", now=now, operation_id=operation.id, **changes)
    else:
        touch(session, drift, now=now, **changes)
    return drift


def _open(session: Session, provider_id: str, finding: Difference, now: datetime, operation: Operation) -> Drift:
    subject = _subject(session, finding.noun, finding.id)
    department = getattr(subject, "department_id", None)
    drift = Drift(
        id=new_id(),
        created_at=now,
        updated_at=now,
        kind=finding.code,
        subject_type=finding.noun,
        subject_id=finding.id,
        subject_name=str(getattr(subject, "name", ""))[:200],
        place=finding.place,
        provider_id=provider_id,
        host=finding.host,
        department_id=department,
        desired=finding.desired,
        observed=finding.observed,
        since=now,
        last_seen_at=now,
        error=_futile(session, finding, now),
    )
    session.add(drift)
    session.flush()
    emit(
        session,
        now,
        "drift.open",
        "drift",
        drift.id,
        department_id=department,
        operation_id=operation.id,
        data={"kind": finding.code, "subject_type": finding.noun, "subject_id": finding.id},
    )
    return drift


def _futile(session: Session, finding: Difference, now: datetime) -> dict[str, Any] | None:
    """A reason to leave it to people: it was repaired a while ago, and here it is again."""
    again = select(Drift.id).where(
        Drift.kind == finding.code,
        Drift.subject_id == finding.id,
        Drift.place == finding.place,
        Drift.outcome == "repaired",
        Drift.ended_at > now - RELAPSE,
    )
    if session.scalars(again.limit(1)).first() is None:
        return None
    problem = Conflict("drift.relapse", hours=RELAPSE // timedelta(hours=1))
    return {"code": problem.code, "params": _plain(problem.params), "detail": problem.text("en")}


def _act(session: Session, drift: Drift, policy: str, now: datetime) -> None:
    """As the policy says; what cannot be done stays open with the reason, and is not tried again by itself."""
    if policy not in (ACCEPT, REPAIR) or drift.error is not None or policy not in KINDS[drift.kind].policies:
        return
    try:
        with session.begin_nested():
            if policy == ACCEPT:
                accept.accept(session, drift, now=now)
            else:
                repair.begin(session, drift, now=now)
    except IntegrityError:
        problem: Problem = Conflict("row.duplicate")
    except Problem as refused:
        problem = refused
    else:
        return
    log.info("drift stays", drift=drift.id, kind=drift.kind, policy=policy, reason=problem.text("en"))
    session.refresh(drift)
    if problem.code not in PASSING:
        error = {"code": problem.code, "params": _plain(problem.params), "detail": problem.text("en")}
        touch(session, drift, now=now, error=error)


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float) else str(value) for key, value in params.items()}
