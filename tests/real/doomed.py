"""``python -m tests.real.doomed CENTRE KIND STEP POINT``: a worker that dies at exactly that point."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.chaos.worker import die_at
from tests.real.centre import RealCentre

if __name__ == "__main__":
    kind, step, point = sys.argv[2:5]
    inside = RealCentre.load(Path(sys.argv[1])).open()
    die_at((kind, step, point))
    inside.settle(worker="doomed")
    sys.exit(f"never came to {kind} {step} {point}")
