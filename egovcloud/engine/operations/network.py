"""Networks: deleted from every host; they are made on a host when an instance first needs them there."""

from __future__ import annotations

from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.engine.operations.everywhere import mark, remove
from egovcloud.store.models import Network


def delete(run: Run) -> Result:
    return remove(lambda driver, host, _: driver.delete_network(host, run.subject_id, within=SHORT), run)


KINDS = (
    OperationKind(
        "network.delete",
        "network",
        (StepKind("delete", effect=delete, record=mark(Network, "deleted", final=True)),),
        seconds=600,
        on_failure=fail_subject(Network),
        cancellable=False,
    ),
)
