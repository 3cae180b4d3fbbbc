"""Instances: create, power, resize, rebuild, move, guard and delete."""

from __future__ import annotations

from egovcloud.engine.kinds import OperationKind, StepKind
from egovcloud.engine.operations import instance_create as create
from egovcloud.engine.operations import instance_delete as delete
from egovcloud.engine.operations import instance_migrate as migrate
from egovcloud.engine.operations import instance_power as power
from egovcloud.engine.operations import instance_shape as shape
from egovcloud.engine.operations import instance_shelf as shelf
from egovcloud.engine.operations.common import fail_subject, instance_gib
from egovcloud.store.models import Instance

failed = fail_subject(Instance)

KINDS = (
    OperationKind(
        "instance.create",
        "instance",
        (
            StepKind("place", record=create.place, undo_record=create.unplace),
            StepKind("prepare", effect=create.prepare),
            StepKind("create", effect=create.create, record=create.created, undo=create.uncreate),
            StepKind("boot", effect=create.boot, record=create.booted),
        ),
        seconds=900,
        on_failure=create.failed,
        on_retry=create.retried,
    ),
    OperationKind(
        "instance.start",
        "instance",
        (
            StepKind("start", effect=power.start),
            StepKind("confirm", effect=power.await_running, record=power.seen),
        ),
        seconds=300,
        on_failure=failed,
        on_retry=power.retry_start,
    ),
    OperationKind(
        "instance.stop",
        "instance",
        (
            StepKind("ask", effect=power.ask_to_stop),
            StepKind("confirm", effect=power.await_stopped, record=power.seen),
        ),
        seconds=1200,
        on_failure=failed,
        on_retry=power.retry_stop,
    ),
    OperationKind(
        "instance.reboot",
        "instance",
        (
            StepKind("reboot", effect=power.reboot),
            StepKind("confirm", effect=power.await_running, record=power.seen),
        ),
        seconds=600,
        on_failure=failed,
        on_retry=power.retry_start,
    ),
    OperationKind(
        "instance.resize",
        "instance",
        (
            StepKind("claim", record=shape.claim_difference, undo_record=shape.return_difference),
            StepKind("ask", effect=power.ask_to_stop),
            StepKind("stop", effect=power.await_stopped),
            StepKind("resize", effect=shape.resize, undo=shape.unresize),
            StepKind("start", effect=shape.start_again),
            StepKind("confirm", effect=shape.confirm, record=shape.resized),
        ),
        seconds=1500,
        on_failure=shape.resize_failed,
    ),
    OperationKind(
        "instance.rebuild",
        "instance",
        (
            StepKind("prepare", effect=shape.prepare_rebuild),
            StepKind("stop", effect=shape.stop_hard),
            StepKind("rebuild", effect=shape.rebuild),
            StepKind("start", effect=shape.start_again),
            StepKind("confirm", effect=shape.confirm, record=shape.rebuilt),
        ),
        seconds=1800,
        gib=instance_gib,
        on_failure=failed,
        cancellable=False,
    ),
    OperationKind(
        "instance.migrate",
        "instance",
        (
            StepKind("place", record=migrate.place, undo_record=migrate.unplace),
            StepKind("prepare", effect=migrate.prepare),
            StepKind("migrate", effect=migrate.migrate, record=migrate.moved, undo=migrate.unmigrate),
        ),
        seconds=3600,
        gib=instance_gib,
        on_failure=migrate.failed,
    ),
    OperationKind(
        "instance.shelve",
        "instance",
        (StepKind("shelve", effect=shelf.shelve, record=shelf.shelved),),
        seconds=1800,
        gib=instance_gib,
        on_failure=failed,
        on_retry=shelf.retry_shelve,
        cancellable=False,
    ),
    OperationKind(
        "instance.unshelve",
        "instance",
        (
            StepKind("place", record=shelf.place, undo_record=shelf.unplace),
            StepKind("prepare", effect=shelf.prepare),
            StepKind("unshelve", effect=shelf.unshelve, record=shelf.back, undo=shelf.shelve_again),
        ),
        seconds=1800,
        gib=instance_gib,
        on_failure=shelf.unshelve_failed,
        on_retry=shelf.retry_unshelve,
    ),
    OperationKind(
        "instance.guard",
        "instance",
        (StepKind("prepare", effect=create.prepare), StepKind("apply", effect=shape.apply_groups)),
        seconds=300,
    ),
    OperationKind(
        "instance.delete",
        "instance",
        (
            StepKind("wipe", effect=delete.wipe, record=delete.wiped),
            StepKind("delete", effect=delete.delete, record=delete.deleted),
        ),
        seconds=3600,
        gib=instance_gib,
        on_failure=delete.failed,
        on_retry=delete.retried,
        cancellable=False,
    ),
)
