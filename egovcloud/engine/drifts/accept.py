"""To accept a drift: what is observed becomes what is desired, through the same doors as any other change.

Quota is reserved and committed, hosts and pools are claimed; who is over a limit is refused, and nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from egovcloud.domain.drift import ACCEPT, KINDS
from egovcloud.domain.errors import Conflict
from egovcloud.engine.drifts import accept_floating as floating
from egovcloud.engine.drifts import accept_instance as instance
from egovcloud.engine.drifts import accept_other as other
from egovcloud.engine.drifts import accept_volume as volume
from egovcloud.engine.drifts import volume_snapshots
from egovcloud.engine.drifts.subject import ready
from egovcloud.store.journal import transition
from egovcloud.store.models import Drift

Accept = Callable[[Session, Drift, datetime], None]

WAYS: dict[str, Accept] = {
    "instance.stopped": instance.power,
    "instance.started": instance.power,
    "instance.crashed": instance.power,
    "instance.shelved": instance.shelved,
    "instance.unshelved": instance.unshelved,
    "instance.gone": other.gone,
    "instance.moved": instance.moved,
    "instance.vcpus": instance.shape,
    "instance.memory": instance.shape,
    "instance.disk": instance.disk,
    "instance.image": instance.image,
    "instance.renamed": instance.renamed,
    "instance.address": instance.address,
    "instance.groups": instance.groups,
    "volume.gone": other.gone,
    "volume.moved": volume.moved,
    "volume.grown": volume.size,
    "volume.shrunk": volume.size,
    "volume.detached": volume.detached,
    "volume.attached": volume.attached,
    "volume.elsewhere": volume.attached,
    "snapshot.gone": other.snapshot_gone,
    "volume_snapshot.gone": volume_snapshots.gone,
    "floating_address.gone": floating.gone,
    "floating_address.disassociated": floating.disassociated,
    "floating_address.associated": floating.associated,
    "floating_address.elsewhere": floating.associated,
    "security_group.rule_added": other.rules,
    "security_group.rule_missing": other.rules,
    "host.size": other.host_size,
    "host.unmanaged": other.noted,
}


def accept(session: Session, drift: Drift, *, now: datetime) -> None:
    """Write what is observed; ``Conflict`` or ``QuotaExceeded`` says why not, and the caller takes it all back."""
    kind = KINDS[drift.kind]
    if not kind.accept:
        raise Conflict("drift.no_remedy", kind=drift.kind, remedy=ACCEPT, allowed=", ".join(kind.policies))
    ready(session, drift)
    transition(session, drift, "accept", now=now, error=None, data={"kind": drift.kind})
    WAYS[drift.kind](session, drift, now)
