"""The fault switches: they live in the cloud's own file, so that any process can flip them while others call."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from egovcloud.domain.errors import KINDS
from egovcloud.drivers.simulator.cloudfile import CloudFile

EVERY = "*"
LOST = "lost"


@dataclass(frozen=True)
class Rule:
    """One failure to inject: by kind of error, or a lost answer (``kind`` is ``lost``); ``times`` None is for ever."""

    kind: str
    rate: float = 1.0
    call: str = EVERY
    host: str = EVERY
    times: int | None = None

    def fits(self, call: str, hosts: tuple[str, ...]) -> bool:
        return self.call in (EVERY, call) and (self.host == EVERY or self.host in hosts) and self.times != 0


@dataclass(frozen=True)
class FaultState:
    """All switches at one moment. Times in seconds; ``latency`` maps a call (or ``*``) to mean and jitter."""

    latency: dict[str, tuple[float, float]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    hung: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    duplicate_creation: bool = False
    visibility: float = 0.0
    deaf: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    boot: float = 0.0
    shutdown: float = 0.0
    detach: float = 0.0
    grants: dict[str, int] = field(default_factory=dict)

    def delay(self, call: str) -> float:
        """Seconds that this call takes there and back, drawn anew each time."""
        mean, jitter = self.latency.get(call) or self.latency.get(EVERY) or (0.0, 0.0)
        return max(0.0, random.uniform(mean - jitter, mean + jitter)) if mean or jitter else 0.0  # noqa: S311 no secret

    def ignores_shutdown(self, instance_id: str) -> bool:
        return EVERY in self.deaf or instance_id in self.deaf

    def has_agent(self, instance_id: str) -> bool:
        return not (EVERY in self.silent or instance_id in self.silent)


@lru_cache(maxsize=32)
def _parse(text: str) -> FaultState:
    raw: dict[str, Any] = json.loads(text)
    raw["rules"] = tuple(Rule(**rule) for rule in raw.get("rules", ()))
    raw["latency"] = {call: (pair[0], pair[1]) for call, pair in raw.get("latency", {}).items()}
    for name in ("hung", "unreachable", "deaf", "silent"):
        raw[name] = tuple(raw.get(name, ()))
    return FaultState(**raw)


def load(connection: sqlite3.Connection) -> FaultState:
    """The switches as they stand now."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'faults'").fetchone()
    return _parse(row[0])


def current(cloud: CloudFile) -> FaultState:
    """The switches as they stand now, outside of any transaction."""
    return _parse(cloud.value("faults"))


class Faults:
    """The switches of one cloud file; each method takes effect at once, in every process."""

    def __init__(self, path: Path | str) -> None:
        self._cloud = CloudFile(path)

    def show(self) -> FaultState:
        """The switches as they stand."""
        return current(self._cloud)

    def change(self, edit: Callable[[FaultState], FaultState]) -> FaultState:
        """Replace the switches by ``edit`` of them, atomically."""
        with self._cloud.write() as tx:
            state = edit(load(tx))
            tx.execute("UPDATE meta SET value = ? WHERE key = 'faults'", (json.dumps(asdict(state)),))
        return state

    def set(self, **switches: Any) -> None:
        """Replace whole switches by the names of ``FaultState``."""
        self.change(lambda s: replace(s, **switches))

    def latency(self, mean: float, jitter: float = 0.0, *, call: str = EVERY) -> None:
        """Every call of this kind takes ``mean`` ± ``jitter`` seconds, half before its effect and half after it."""
        self.change(lambda s: replace(s, latency={**s.latency, call: (mean, jitter)}))

    def fail(
        self,
        kind: str = "transient",
        rate: float = 1.0,
        *,
        call: str = EVERY,
        host: str = EVERY,
        times: int | None = None,
    ) -> None:
        """Refuse this share of calls, without effect, with an error of this kind (see ``domain.errors.KINDS``)."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is not a kind of error; one of {', '.join(sorted(KINDS))}")
        self._rule(Rule(kind, rate, call, host, times))

    def drop_answer(self, rate: float = 1.0, *, call: str = EVERY, host: str = EVERY, times: int | None = None) -> None:
        """Let this share of mutating calls take effect and lose the answer, so that the caller sees ``Transient``."""
        self._rule(Rule(LOST, rate, call, host, times))

    def _rule(self, rule: Rule) -> None:
        self.change(lambda s: replace(s, rules=(*s.rules, rule)))

    def hang(self, *hosts: str) -> None:
        """Calls to these hosts block until released or until their limit passes."""
        self.change(lambda s: replace(s, hung=tuple(sorted({*s.hung, *hosts}))))

    def release(self, *hosts: str) -> None:
        """End the hang of these hosts, or of all when none is named."""
        self.change(lambda s: replace(s, hung=tuple(h for h in s.hung if hosts and h not in hosts)))

    def unreachable(self, *hosts: str) -> None:
        """Calls to these hosts fail at once with ``Transient("driver.unreachable")``."""
        self.change(lambda s: replace(s, unreachable=tuple(sorted({*s.unreachable, *hosts}))))

    def reachable(self, *hosts: str) -> None:
        """Connect these hosts again, or all when none is named."""
        self.change(lambda s: replace(s, unreachable=tuple(h for h in s.unreachable if hosts and h not in hosts)))

    def duplicate_creation(self, on: bool = True) -> None:
        """Let the cloud take a second object with the same mark, as Nova does; the driver still searches first."""
        self.change(lambda s: replace(s, duplicate_creation=on))

    def visibility(self, seconds: float) -> None:
        """What is created stays out of searches and lists for this long."""
        self.change(lambda s: replace(s, visibility=seconds))

    def deaf(self, *instance_ids: str) -> None:
        """These guests (``*`` for all, none for nobody) ignore a request to power off or reboot."""
        self.change(lambda s: replace(s, deaf=instance_ids))

    def silent(self, *instance_ids: str) -> None:
        """These guests (``*`` for all, none for nobody) have no agent that answers."""
        self.change(lambda s: replace(s, silent=instance_ids))

    def guest(self, *, boot: float | None = None, shutdown: float | None = None, detach: float | None = None) -> None:
        """How many seconds guests take to boot, to power off when asked, and to let go of a volume."""

        def edit(state: FaultState) -> FaultState:
            return replace(
                state,
                boot=state.boot if boot is None else boot,
                shutdown=state.shutdown if shutdown is None else shutdown,
                detach=state.detach if detach is None else detach,
            )

        self.change(edit)

    def grant(self, **limits: int) -> None:
        """The cloud's own quota by resource, as ``instances=20``; what is not named has none."""
        self.change(lambda s: replace(s, grants=limits))

    def calm(self) -> None:
        """Switch every fault off; guests keep the times that they take, and the cloud its quota."""
        self.change(lambda s: FaultState(boot=s.boot, shutdown=s.shutdown, detach=s.detach, grants=s.grants))

    def take(self, rule: Rule) -> bool:
        """Use up one of a counted rule's times; false when another call took the last one."""
        taken = False

        def edit(state: FaultState) -> FaultState:
            nonlocal taken
            rules = list(state.rules)
            for position, candidate in enumerate(rules):
                if replace(candidate, times=rule.times) == rule and candidate.times:
                    taken = True
                    left = candidate.times - 1
                    rules[position : position + 1] = [replace(candidate, times=left)] if left else []
                    break
            return replace(state, rules=tuple(rules))

        self.change(edit)
        return taken
