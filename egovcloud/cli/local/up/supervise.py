"""The small supervisor: keeps API and worker alive on a machine without systemd.

``python -m egovcloud.cli.local.up.supervise STATE`` starts both, starts again what ends (soon at first, then ever
later), and ends both when it is told to. Children die with it, so that none is left without a keeper.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

CHILDREN = {"api": ["serve"], "worker": ["worker"]}
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SOUND = 60.0  # a child that lived this long starts again without delay
PATIENCE = 30.0
PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process that shall run."""

    def __init__(self, name: str, words: list[str], logs: Path) -> None:
        self.name = name
        self.command = [str(Path(sys.executable).parent / "egovcloud"), *words]
        self.log = logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.pause = FIRST_PAUSE
        self.begun = 0.0
        self.due = 0.0

    def tend(self, now: float) -> None:
        """Start it when it is due; notice when it ended."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self.pause = FIRST_PAUSE if now - self.begun > SOUND else min(LONGEST_PAUSE, self.pause * 2)
            self.due = now + self.pause
            print(f"{self.name} ended with {code}; next start in {self.pause:.1f} s", flush=True)
            self.process = None
        if self.process is None and now >= self.due:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent
                )
            self.begun = now

    def end(self) -> None:
        """Ask, then insist."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main(state: Path) -> None:
    """Until SIGTERM or SIGINT."""
    pid_file = state / "run" / "supervisor.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    # Signals arrive as bytes on a pipe, so that the wait below ends at once when a child or the user speaks.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: asked.append(got))
    signal.signal(signal.SIGCHLD, lambda _got, _frame: None)
    selector = selectors.DefaultSelector()
    selector.register(reader, selectors.EVENT_READ)
    children = [Child(name, words, state / "log") for name, words in CHILDREN.items()]
    try:
        while not asked:
            now = time.monotonic()
            for child in children:
                child.tend(now)
            waiting = [child.due - now for child in children if child.process is None]
            if selector.select(max(0.05, min(waiting)) if waiting else None):
                os.read(reader, 4096)
    finally:
        for child in reversed(children):
            child.end()
        pid_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
