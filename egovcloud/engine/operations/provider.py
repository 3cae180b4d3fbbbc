"""The reconcile loop: each tick looks at one whole cloud, writes what differs, and sweeps orphans seen twice."""

from __future__ import annotations

from egovcloud.engine.kinds import OperationKind, StepKind
from egovcloud.engine.operations import provider_observe as observe
from egovcloud.engine.operations import provider_sweep as sweep

KINDS = (
    OperationKind(
        "provider.reconcile",
        "provider",
        (
            StepKind("observe", effect=observe.look, record=observe.write),
            StepKind("sweep", effect=sweep.remove, record=sweep.removed),
        ),
        seconds=120,
        on_failure=observe.failed,
        internal=True,
    ),
)
