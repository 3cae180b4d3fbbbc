"""Images: deleted from every pool that has a copy."""

from __future__ import annotations

from egovcloud.drivers.base import Driver
from egovcloud.engine.kinds import OperationKind, Result, Run, StepKind
from egovcloud.engine.operations.common import SHORT, fail_subject
from egovcloud.engine.operations.everywhere import mark, remove
from egovcloud.store.models import Image


def delete(run: Run) -> Result:
    def one(driver: Driver, host: str, pools: list[str]) -> None:
        for pool in pools:
            driver.delete_image(host, pool, run.subject_id, within=SHORT)

    return remove(one, run)


KINDS = (
    OperationKind(
        "image.delete",
        "image",
        (StepKind("delete", effect=delete, record=mark(Image, "deleted", final=True)),),
        seconds=600,
        on_failure=fail_subject(Image),
        cancellable=False,
    ),
)
