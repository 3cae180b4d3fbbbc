"""``python -m tests.real.openstack install|start|health|stop|wipe|run``: the bed by hand, or with its tests.

``run`` installs what is missing, starts the bed, runs the contract and the bed's own tests on it, and stops it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.real.openstack.bed import Bed

ROOT = Path(__file__).parents[3]
SUITES = (
    ["tests/contract", "--driver", "openstack"],
    ["tests/real/openstack"],
)


def run(bed: Bed) -> int:
    """The exit code of the first suite that fails, or 0."""
    with bed.up():
        codes = []
        for suite in SUITES:
            command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *suite]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            codes.append(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
    return next((code for code in codes if code), 0)


def main(arguments: list[str]) -> int:
    bed = Bed()
    match arguments:
        case ["install"]:
            bed.install()
        case ["start"]:
            bed.install()
            bed.start()
        case ["health"]:
            healthy = bed.running() and bed.healthy()
            print("healthy" if healthy else "not healthy")
            return int(not healthy)
        case ["stop"]:
            bed.stop()
        case ["wipe"]:
            bed.stop(wipe=True)
        case ["run"]:
            return run(bed)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
