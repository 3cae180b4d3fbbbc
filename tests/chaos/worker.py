"""A worker in a process of its own, forked from a warm parent, that may be told where to die."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from egovcloud.domain.errors import Permanent
from egovcloud.engine import crashpoints
from tests.world import Inside

Spot = tuple[str, str, str]  # kind of operation, step, point


def fork(job: Callable[[], None]) -> int:
    """Run ``job`` in a child that never returns here; answers with its process id.

    The parent must hold no open database connection, since the child would close it.
    """
    sys.stdout.flush()
    pid = os.fork()
    return pid or _end(job)


def _end(job: Callable[[], None]) -> NoReturn:
    gc.freeze()  # what the parent has is the parent's
    try:
        job()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def die_at(spot: Spot, fail_at: Spot | None = None) -> None:
    """Kill this process when it comes to ``spot``; before that, let the effect at ``fail_at`` turn out a failure."""

    def hook(kind: str, step: str, point: str, operation_id: str) -> None:
        if (kind, step, point) == spot:
            os.kill(os.getpid(), signal.SIGKILL)
        if (kind, step, point) == fail_at:
            raise Permanent("internal.error")

    crashpoints.install(hook)


def killed(inside: Inside, spot: Spot, fail_at: Spot | None = None) -> bool:
    """Let a worker of its own process do what is open until it dies at the spot; false when it never came there."""
    inside.close()

    def work() -> None:
        die_at(spot, fail_at)
        inside.settle(worker="doomed")

    _, status = os.waitpid(fork(work), 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise AssertionError(f"the worker failed with {os.WEXITSTATUS(status)} before it came to {spot}")
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
