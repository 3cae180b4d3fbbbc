"""What an accepted drift costs: in one step through the ledger, since the thing is there already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.quota import RESOURCES, Amount
from egovcloud.store import ledger
from egovcloud.store.models import Drift


def move(session: Session, drift: Drift, department_id: str, more: Amount, now: datetime) -> None:
    """Take what grew, if every ancestor's limit allows it, and give back what shrank."""
    key, subject = f"{drift.id}:{drift.generation}", (drift.subject_type, drift.subject_id)
    grown = Amount(**{name: max(0, getattr(more, name)) for name in RESOURCES})
    shrunk = Amount(**{name: max(0, -getattr(more, name)) for name in RESOURCES})
    ledger.reserve(session, department_id, grown, key=key, subject=subject, now=now)
    ledger.commit(session, department_id, grown, key=key, subject=subject, now=now)
    ledger.release(session, department_id, shrunk, key=key, subject=subject, now=now)
