"""What one caller asks beyond the use case itself: "do this once" and "only if it is still what I saw".

A face opens an ``Intent`` around a use case. The first ``House.write`` inside opens the one transaction, every
further ``House.write`` and ``House.read`` joins it, and the answer is stored in it before it commits. So the effect,
its audit and the answer that a repetition will get exist together or not at all, wherever the process dies.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict
from egovcloud.store.base import Model
from egovcloud.store.models import AuditEntry, IdempotencyKey

if TYPE_CHECKING:
    from egovcloud.services.house import House

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What was said: HTTP status, the headers that belong to the answer, and the body as text."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Once:
    """An idempotency key (draft-ietf-httpapi-idempotency-key-header). ``fingerprint`` is SHA-256 of the request."""

    actor_id: str
    key: str
    fingerprint: str

    @property
    def purpose(self) -> str:
        """Binds the sealed answer to its key."""
        return f"idempotency:{self.actor_id}:{self.key}"


class Repeated(Exception):
    """The same ask was answered while this one waited; nothing of this one remains."""


@dataclass
class Intent:
    """State of one ask; lives for one use case in one thread."""

    house: House
    once: Once | None = None
    # Generations that the caller saw (If-Match); ``None``: no condition.
    if_match: frozenset[int] | None = None
    session: Session | None = None
    refusals: list[AuditEntry] = field(default_factory=list)
    woken: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)

    def join(self) -> Session:
        """The transaction of this ask; the first call opens it and takes the key, waiting for another holder."""
        if self.session is None:
            assert self.once is not None
            session = self._stack.enter_context(self.house.database.unit())
            session.add(
                IdempotencyKey(
                    actor_id=self.once.actor_id,
                    key=self.once.key,
                    fingerprint=self.once.fingerprint,
                    status=0,
                    headers={},
                    body="",
                    created_at=self.house.clock(),
                )
            )
            try:
                session.flush()
            except IntegrityError:
                session.rollback()
                raise Repeated from None
            self.session = session
        return self.session

    def check(self, row: Model) -> None:
        """``Conflict("precondition.failed")`` unless ``row`` is still what the caller saw; asked once."""
        generation = getattr(row, "generation", None)
        if self.if_match is None or generation is None:
            return
        wanted, self.if_match = self.if_match, None
        if generation not in wanted:
            raise Conflict("precondition.failed", generation=generation)

    def settle(self, answer: Answer) -> None:
        """Store the answer and commit it with the effect; an ask that wrote nothing stores nothing."""
        if self.session is None:
            return
        assert self.once is not None
        row = self.session.get_one(IdempotencyKey, (self.once.actor_id, self.once.key))
        row.status, row.headers = answer.status, dict(answer.headers)
        # Answers may hold a secret that is shown once.
        row.body = base64.b64encode(self.house.cipher.seal(answer.body, self.once.purpose)).decode()
        self.session.add_all(self.refusals)
        self.refusals = []
        self._stack.close()
        self.session = None
        if self.woken:
            self.house.wake()

    def abandon(self, error: BaseException) -> None:
        """Undo everything but the audit of what was refused."""
        self._stack.__exit__(type(error), error, error.__traceback__)
        self.session = None
        if self.refusals:
            with self.house.database.unit() as session:
                session.add_all(self.refusals)


current: ContextVar[Intent | None] = ContextVar("egov_intent", default=None)


@contextmanager
def intend(intent: Intent) -> Iterator[Intent]:
    """Make ``intent`` that of this thread; whoever leaves without ``settle`` leaves no trace but refusals."""
    token = current.set(intent)
    try:
        yield intent
    except BaseException as error:
        intent.abandon(error)
        raise
    else:
        if intent.session is not None:
            intent.abandon(RuntimeError("the answer was never settled"))
    finally:
        current.reset(token)


def recall(house: House, once: Once) -> Answer | None:
    """The answer that was given to this key, or ``None``; ``Conflict`` when the key was used for something else."""
    with house.database.read() as session:
        row = session.get(IdempotencyKey, (once.actor_id, once.key))
        if row is None:
            return None
        if row.fingerprint != once.fingerprint:
            raise Conflict("idempotency.reused", field="Idempotency-Key", key=once.key)
        return Answer(row.status, row.headers, house.cipher.open(base64.b64decode(row.body), once.purpose))


def forget(house: House, now: datetime) -> int:
    """Drop answers older than a day; returns how many."""
    with house.database.unit() as session:
        result = session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
        return int(getattr(result, "rowcount", 0))
