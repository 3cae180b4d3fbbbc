"""What happens by the clock. A tick only writes an operation, unique for its time, so that any number of schedulers
do no harm; the workers do the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import delete, exists, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from egovcloud.domain.clock import Clock
from egovcloud.domain.clouds import COMPUTE, OBJECTS
from egovcloud.engine.claims import OPEN
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations import REGISTRY
from egovcloud.store.database import Database, unavailable
from egovcloud.store.models import Drift, Event, Operation, Provider, Step

log = structlog.get_logger()

KEEP_INTERNAL = timedelta(hours=1)  # upkeep that went well is of no interest for longer
PURGE_SECONDS = 300
PURGE_EVENTS = 2000  # in one transaction


class Ticks:
    """The clock of one worker process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        reconcile_seconds: float,
        events_kept: timedelta,
        metering_seconds: float = 60.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = reconcile_seconds
        self._metering = metering_seconds
        self._events_kept = events_kept
        self._scheduler = BackgroundScheduler(timezone="UTC")
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler.add_job(self._guarded, "interval", args=[self.reconcile], seconds=reconcile_seconds, **options)
        self._scheduler.add_job(self._guarded, "interval", args=[self.meter], seconds=metering_seconds, **options)
        self._scheduler.add_job(self._guarded, "interval", args=[self.purge], seconds=PURGE_SECONDS, **options)

    def start(self) -> None:
        """The first look comes at once, so that a new host is known when the first request is."""
        self._guarded(self.reconcile)
        self._guarded(self.meter)
        self._scheduler.start()

    def stop(self) -> None:
        """No tick after this one."""
        self._scheduler.shutdown(wait=True)

    def _guarded(self, tick: object) -> None:
        try:
            assert callable(tick)
            tick()
        except SQLAlchemyError as error:
            # The next tick comes all the same; a database that is away is not worth a traceback each time.
            if unavailable(error):
                log.warning("tick failed", error=type(error).__name__)
            else:
                log.exception("tick failed")

    def reconcile(self) -> None:
        """One look at each enabled provider, unless the last one is still looking."""
        self._ask("provider.reconcile", COMPUTE, "reconcile", self._every)

    def meter(self) -> None:
        """One count of what each enabled object storage holds, unless the last one still counts."""
        self._ask("provider.meter", OBJECTS, "meter", self._metering)

    def _ask(self, kind: str, drivers: Sequence[str], key: str, every: float) -> None:
        now = self._clock()
        with self._database.read() as session:
            busy = exists().where(
                Operation.subject_id == Provider.id,
                Operation.kind == kind,
                Operation.state.in_(OPEN),
            )
            due = list(
                session.scalars(
                    select(Provider.id).where(Provider.enabled.is_(True), Provider.driver.in_(drivers), ~busy)
                )
            )
        for provider_id in due:
            tick = f"{key}:{provider_id}:{int(now.timestamp() // every)}"
            try:
                with self._database.unit() as session:
                    enqueue(session, kind, provider_id, now=now, department_id=None, unique_key=tick)
            except IntegrityError:
                continue  # another scheduler had the same tick

    def purge(self) -> None:
        """Forget the house's own upkeep that went well, and events that nobody asks for any more."""
        now = self._clock()
        internal = [name for name, kind in REGISTRY.kinds.items() if kind.internal]
        old = select(Operation.id).where(
            Operation.kind.in_(internal), Operation.state == "succeeded", Operation.finished_at < now - KEEP_INTERNAL
        )
        with self._database.unit() as session:
            session.execute(delete(Step).where(Step.operation_id.in_(old)))
            session.execute(delete(Operation).where(Operation.id.in_(old)))
            session.execute(delete(Drift).where(Drift.state == "closed", Drift.ended_at < now - self._events_kept))
        while self._purge_events(now - self._events_kept):
            pass
        self._database.analyze()

    def _purge_events(self, before: datetime) -> bool:
        """Delete some of the oldest; false when none is left. Never many at once: others want to write too."""
        with self._database.unit() as session:
            oldest = session.execute(select(Event.id, Event.at).order_by(Event.id).limit(PURGE_EVENTS)).all()
            ids = [id_ for id_, at in oldest if at < before]
            if ids:
                session.execute(delete(Event).where(Event.id.between(ids[0], ids[-1]), Event.at < before))
            return len(ids) == PURGE_EVENTS
