"""A trial that is killed leaves no machine, no control group and no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.real.deploy.deployment import NAMES, ROOT
from tests.real.namespaces import until

TRIAL = """\
from tests.real.deploy.deployment import deployment
with deployment() as made:
    made.machines.told("egov-1", "true")
    print(made.directory, flush=True)
    input()
"""


def _living(name: str) -> list[str]:
    """Processes in control groups whose name holds this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            if name in path.read_text():
                found.append(path.parent.name)
        except OSError:  # it has ended
            continue
    return found


def test_nothing_outlives_a_killed_trial() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TRIAL], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as trial:
        assert trial.stdout is not None
        directory = Path(trial.stdout.readline().strip())
        assert sorted(path.name for path in directory.iterdir() if path.name in NAMES) == sorted(NAMES)
        assert _living(directory.name)
        os.kill(trial.pid, signal.SIGKILL)
    until("the end of its files", lambda: not directory.exists(), limit=120)
    # A process that has ended may wait a moment for somebody to take note of it.
    until("the end of its processes", lambda: not _living(directory.name), limit=60)
