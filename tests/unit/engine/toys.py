"""Operations of a toy: steps that count what was done, fail as often as they are told, and can be taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from egovcloud.domain.errors import Problem
from egovcloud.domain.ids import new_id
from egovcloud.engine import enqueue as enqueuing
from egovcloud.engine import steering
from egovcloud.engine.claims import Claim, claim
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.kinds import OperationKind, Registry, Result, Run, StepKind, Wait
from egovcloud.engine.providers import Providers
from egovcloud.engine.runner import Runner
from egovcloud.store.database import Database
from egovcloud.store.models import Operation, Step
from egovcloud.store.secrets import Cipher

LEASE = 10.0


class Still:
    """A clock that stands until it is moved on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Toys:
    """A registry of one's own on a real database. ``log`` is what the world saw, in order."""

    database: Database
    clock: Still = field(default_factory=Still)
    registry: Registry = field(default_factory=Registry)
    log: list[str] = field(default_factory=list)
    answers: dict[str, list[Problem | Wait | Exception]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        providers = Providers(self.database, "toys", {})
        cipher = Cipher(b"0123456789abcdef0123456789abcdef")
        self.runner = Runner(self.database, self.registry, providers, cipher, "toys", self.clock, LEASE)

    def kind(self, name: str, steps: Sequence[str] = ("one", "two"), **options: Any) -> OperationKind:
        """A kind whose steps log ``name.step`` and, undone, ``undo name.step``."""

        def told(event: str) -> Callable[..., None]:
            return lambda *_: self.log.append(f"{event} {name}")

        options.setdefault("on_success", told("success"))
        options.setdefault("on_failure", told("failure"))
        options.setdefault("on_retry", told("retry"))
        made = OperationKind(name, "instance", tuple(self._step(name, step) for step in steps), **options)
        self.registry.add(made)
        return made

    def _step(self, kind: str, step: str) -> StepKind:
        name = f"{kind}.{step}"

        def effect(run: Run) -> Result | Wait:
            self.calls[name] += 1
            self._answer(name)
            waiting = self.answers.get(f"wait {name}")
            if waiting:
                return waiting.pop(0)  # type: ignore[return-value]
            self.log.append(name)
            return {"said": name, "attempts": run.attempts}

        def undo(run: Run) -> None:
            self._answer(f"undo {name}")
            self.log.append(f"undo {name}")

        def record(session: Session, run: Run, result: Result, operation: Operation) -> None:
            self._answer(f"record {name}")

        return StepKind(step, effect=effect, record=record, undo=undo)

    def _answer(self, name: str) -> None:
        planned = self.answers.get(name)
        if planned:
            raise planned.pop(0)  # type: ignore[misc]

    def say(self, name: str, *answers: Any) -> None:
        """What ``kind.step`` (or ``undo …``, ``record …``, ``wait …``) answers before it works."""
        self.answers.setdefault(name, []).extend(answers)

    def enqueue(self, kind: str, **options: Any) -> str:
        with self.database.unit() as session:
            return enqueue(session, kind, new_id(), now=self.clock(), department_id=None, **options).id

    def claim(self, worker: str = "one", limit: int = 10) -> list[Claim]:
        return claim(self.database, worker, limit, now=self.clock(), lease_seconds=LEASE)

    def run(self, worker: str = "one") -> int:
        """Run what is due now, once; answers with how many were."""
        claims = self.claim(worker)
        for held in claims:
            self.runner.run(held)
        return len(claims)

    def run_on(self, seconds: float = 0.0, limit: int = 100) -> None:
        """Run until nothing is due; time passes by ``seconds`` between two rounds, while anything is open."""
        for _ in range(limit):
            if not self.run():
                if not seconds or not self.open():
                    return
                self.clock.advance(seconds)
        raise AssertionError(f"still at work: {self.open()}")

    def open(self) -> list[str]:
        with self.database.read() as session:
            return [row.id for row in session.query(Operation).filter(Operation.finished_at.is_(None))]

    def operation(self, id_: str) -> Operation:
        with self.database.read() as session:
            return session.get_one(Operation, id_)

    def steps(self, id_: str) -> list[tuple[str, str]]:
        with self.database.read() as session:
            found = session.query(Step).filter(Step.operation_id == id_).order_by(Step.position)
            return [(step.name, step.state) for step in found]

    def cancel(self, id_: str, by: str = "somebody") -> None:
        with self.database.unit() as session:
            steering.cancel(session, session.get_one(Operation, id_), by=by, now=self.clock())

    def retry(self, id_: str) -> None:
        with self.database.unit() as session:
            steering.retry(session, session.get_one(Operation, id_), now=self.clock())


def install(toys: Toys, monkeypatch: Any) -> Toys:
    """Let asking, cancelling and retrying know the toys' registry as well."""
    monkeypatch.setattr(enqueuing, "REGISTRY", toys.registry)
    monkeypatch.setattr(steering, "REGISTRY", toys.registry)
    return toys
