"""Namespaces that live as long as their first process, and that process as long as whoever started it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# The first process of a network that consists of a bridge alone; hosts plug their cards into it.
SWITCH = "ip link add switch type bridge && ip link set switch up && echo ready && exec sleep infinity >/dev/null"


def until(what: str, check: Callable[[], T | None], *, limit: float = 60.0, every: float = 0.05) -> T:
    """Poll ``check`` until it returns something true, and return that; ``TimeoutError`` after ``limit`` seconds."""
    end = time.monotonic() + limit
    while not (result := check()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {limit:g} s")
        time.sleep(every)
    return result


def keep(*namespaces: str, command: list[str]) -> subprocess.Popen[str]:
    """Start ``command`` as first process of fresh namespaces, bound to this thread's life; wait for its word."""
    wanted = [*namespaces, *([] if "--pid" in namespaces else ["--pid"])]
    keeper = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "unshare", *wanted, "--fork", "--kill-child", "--mount-proc", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert keeper.stdout is not None
    assert keeper.stderr is not None
    if keeper.stdout.readline().strip() != "ready":
        keeper.kill()
        raise RuntimeError(f"{shlex.join(command)} did not start: {keeper.stderr.read().strip()}")
    return keeper


def inner(keeper: subprocess.Popen[str]) -> int:
    """The first process inside, by its number outside: unshare's only child."""
    children = Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text().split()
    if not children:
        raise RuntimeError("the namespaces have ended")
    return int(children[0])


def enter(process: int, *namespaces: str) -> list[str]:
    return ["nsenter", "--target", str(process), *namespaces, "--"]


def end(keeper: subprocess.Popen[str]) -> None:
    """Kill the namespaces' first process; unshare, its parent, returns when the kernel has ended all others in them."""
    with contextlib.suppress(RuntimeError, OSError):
        os.kill(inner(keeper), signal.SIGKILL)
    try:
        keeper.wait(30)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    for stream in (keeper.stdout, keeper.stderr):
        if stream is not None:
            stream.close()
