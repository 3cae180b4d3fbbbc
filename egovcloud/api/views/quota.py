"""How quotas are shown."""

from __future__ import annotations

from egovcloud.api.schemas import Answer, Ref


class QuotaLine(Answer):
    """One resource at one node; ``own`` is what the node holds itself, not through its children.

    ``unmanaged`` is what others made in its projects on the clouds themselves; it counts against the limit.
    """

    resource: str
    limit: int | None
    reserved: int
    committed: int
    unmanaged: int
    own: int


class QuotaView(Answer):
    """One node of the tree."""

    department: Ref
    kind: str
    resources: list[QuotaLine]


class QuotaNode(QuotaView):
    """One node with those below it."""

    children: list[QuotaNode]
