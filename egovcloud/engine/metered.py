"""A driver whose calls are timed, and made only by whoever may act.

How the clouds answer is the first thing to ask on a slow day; and a worker whose lease has run out must not begin
another call, however many its step would still make.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, cast

from egovcloud.domain.errors import Problem
from egovcloud.drivers.base import Driver
from egovcloud.drivers.objects import ObjectStore
from egovcloud.engine import leash
from egovcloud.telemetry.meters import DRIVER_CALLS


class _Metered:
    """Hands everything on to the driver; a call is one that the contract knows."""

    def __init__(self, driver: Driver | ObjectStore, calls: frozenset[str]) -> None:
        self._driver = driver
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name not in self._calls:
            return found
        timed = _timed(found, self._driver.kind, name)
        setattr(self, name, timed)  # found at once the next time
        return timed


def _calls(contract: type) -> frozenset[str]:
    return frozenset(name for name in dir(contract) if callable(getattr(contract, name)) and not name.startswith("_"))


CALLS, STORE_CALLS = _calls(Driver), _calls(ObjectStore)


def metered(driver: Driver) -> Driver:
    """``driver`` with a figure for every call."""
    return cast(Driver, _Metered(driver, CALLS))


def metered_store(store: ObjectStore) -> ObjectStore:
    """``store`` with a figure for every call."""
    return cast(ObjectStore, _Metered(store, STORE_CALLS))


def _timed(call: Callable[..., Any], kind: str, name: str) -> Callable[..., Any]:
    @functools.wraps(call)
    def run(*arguments: Any, **options: Any) -> Any:
        leash.check()
        begun = time.perf_counter()
        outcome = "crash"
        try:
            result = call(*arguments, **options)
            outcome = "ok"
            return result
        except Problem as problem:
            outcome = problem.kind
            raise
        finally:
            DRIVER_CALLS.labels(kind, name, outcome).observe(time.perf_counter() - begun)

    return run
