"""Quotas (配额) at every node of the tree: limits that people set, use that the ledger counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.quota import RESOURCES
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import Listing, ListQuery, departments_under, equals, page, scope
from egovcloud.services.reading import Noun, ViewPage, allow, find
from egovcloud.services.refs import Refs, View
from egovcloud.store import ledger
from egovcloud.store.journal import emit
from egovcloud.store.models import Department, LedgerEntry, Quota

MAX_LIMIT = 2**31 - 1

# Whose quota one may see is whose department one may see with ``quota:read``.
LISTING = Listing(Department, "quota:read", department=Department.id)
LEDGER = Listing(
    LedgerEntry,
    "quota:read",
    department=LedgerEntry.department_id,
    sorts={"at": LedgerEntry.at},
    filters={
        "resource": equals(LedgerEntry.resource),
        "movement": equals(LedgerEntry.movement),
        "subject_id": equals(LedgerEntry.subject_id),
    },
)


def _no_views(_session: Session, _actor: Actor, _rows: Sequence[Department]) -> list[View]:
    return []


NOUN = Noun(LISTING, _no_views)


def tree(house: House, actor: Actor) -> list[View]:
    """Every visible node with its lines, nested; three queries, however large the tree is."""
    with house.read() as session:
        allow(session, actor, LISTING.permission)
        visible = scope(session, actor, LISTING)
        rows = session.scalars(select(Department).where(*visible).order_by(Department.path)).all()
        lines = quota_lines(session, rows)
        nodes: dict[str, View] = {}
        tops: list[View] = []
        for row in rows:
            reference = {"id": row.id, "name": row.name}
            node: View = {"department": reference, "kind": row.kind, "resources": lines[row.id], "children": []}
            nodes[row.id] = node
            parent = nodes.get(row.parent_id or "")
            (tops if parent is None else parent["children"]).append(node)
        return tops


def get(house: House, actor: Actor, department_id: str) -> View:
    """One node with its lines."""
    with house.read() as session:
        return node_view(session, find(session, actor, NOUN, department_id))


def node_view(session: Session, row: Department) -> View:
    """One node with its lines."""
    reference = {"id": row.id, "name": row.name}
    return {"department": reference, "kind": row.kind, "resources": quota_lines(session, [row])[row.id]}


def quota_lines(session: Session, rows: Sequence[Department]) -> dict[str, list[View]]:
    """Lines of each department; ``own`` is what it holds itself, the rest lies below it."""
    ids = [row.id for row in rows]
    below: dict[tuple[str, str], int] = {}
    children = select(Department.parent_id, Quota).join(Quota, Quota.department_id == Department.id)
    for parent_id, quota in session.execute(children.where(Department.parent_id.in_(ids))):
        key = (str(parent_id), quota.resource)
        below[key] = below.get(key, 0) + quota.reserved + quota.committed
    own = {(q.department_id, q.resource): q for q in session.scalars(select(Quota).where(Quota.department_id.in_(ids)))}
    result: dict[str, list[View]] = {}
    for id_ in ids:
        result[id_] = []
        for resource in RESOURCES:
            line = own.get((id_, resource))
            reserved, committed = (line.reserved, line.committed) if line else (0, 0)
            unmanaged = line.unmanaged if line else 0
            result[id_].append(
                {
                    "resource": resource,
                    "limit": line.limit if line else None,
                    "reserved": reserved,
                    "committed": committed,
                    "unmanaged": unmanaged,
                    "own": reserved + committed - below.get((id_, resource), 0),
                }
            )
    return result


def set_limits(house: House, actor: Actor, department_id: str, limits: Mapping[str, int | None]) -> View:
    """Set the limits that are named; ``None`` leaves a resource to the ancestors' limits.

    Needs ``quota:set`` at the *parent*: a department divides what it has among its children and does not raise its
    own. A limit below what is in use is allowed, and stops all growth until something is returned.
    """
    with house.write(actor, "quota.set", "quota") as unit:
        session = unit.session
        row = find(session, actor, NOUN, department_id)
        unit.about("quota", row)
        unit.require("quota:set", row.parent_id or row.id)
        for resource, limit in limits.items():
            if resource not in RESOURCES:
                raise Invalid("quota.resource", field=f"limits.{resource[:32]}", allowed=", ".join(RESOURCES))
            if limit is not None and not 0 <= limit <= MAX_LIMIT:
                raise Invalid(
                    "input.range", field=f"limits.{resource}", name=resource, value=limit, low=0, high=MAX_LIMIT
                )
        # As the ledger does: whoever holds this row is alone in the tree.
        nodes = ledger.lineage(session, row.id)
        session.get(Quota, (nodes[0].id, "instances"), with_for_update=True)
        line_of = select(Quota).where(Quota.department_id.in_([node.id for node in nodes]))
        found = session.scalars(line_of, execution_options={"populate_existing": True})
        quotas = {(quota.department_id, quota.resource): quota for quota in found}
        before = {resource: quotas[row.id, resource].limit for resource in limits}
        for resource, limit in limits.items():
            if limit is not None:
                _below_ancestors(actor, nodes, quotas, resource, limit)
                _above_descendants(session, row, resource, limit)
            session.execute(
                update(Quota)
                .where(Quota.department_id == row.id, Quota.resource == resource)
                .values(limit=limit)
                .execution_options(synchronize_session="fetch")
            )
        session.flush()
        unit.data.update(before=before, after=dict(limits))
        emit(session, unit.now, "quota.set", "department", row.id, department_id=row.id, data={"limits": dict(limits)})
        return node_view(session, row)


def _below_ancestors(
    actor: Actor, nodes: Sequence[Department], quotas: Mapping[tuple[str, str], Quota], resource: str, limit: int
) -> None:
    for node in nodes[:-1]:
        above = quotas[node.id, resource].limit
        if above is None or limit <= above:
            continue
        field = f"limits.{resource}"
        if not actor.may("quota:read", node.path):
            raise Conflict("quota.above_hidden", field=field, resource=resource, limit=limit)
        raise Conflict(
            "quota.above_parent", field=field, resource=resource, limit=limit, parent=node.name, parent_limit=above
        )


def _above_descendants(session: Session, row: Department, resource: str, limit: int) -> None:
    larger = session.execute(
        select(Department.name, Quota.limit)
        .join(Quota, Quota.department_id == Department.id)
        .where(
            Department.path.startswith(row.path, autoescape=True),
            Department.id != row.id,
            Quota.resource == resource,
            Quota.limit > limit,
        )
        .order_by(Quota.limit.desc(), Department.path)
    ).all()
    if larger:
        name, most = larger[0]
        raise Conflict(
            "quota.below_children",
            field=f"limits.{resource}",
            resource=resource,
            limit=limit,
            count=len(larger),
            child=name,
            child_limit=most,
        )


def movements(house: House, actor: Actor, department_id: str, query: ListQuery) -> ViewPage:
    """The ledger of a department's subtree, newest first: what its quota is the sum of."""
    with house.read() as session:
        row = find(session, actor, NOUN, department_id)
        ids = departments_under(session, [row.path])
        listing = Listing(
            LedgerEntry,
            LEDGER.permission,
            department=LEDGER.department,
            sorts=LEDGER.sorts,
            filters=LEDGER.filters,
            where=lambda: LedgerEntry.department_id.in_(ids),
        )
        found = page(session, actor, listing, query)
        refs = Refs(session, {Department: (entry.department_id for entry in found.items)})
        fields = "id at movement resource reserved committed subject_type subject_id".split()
        items = [
            {**{name: getattr(entry, name) for name in fields}, "department": refs.ref(Department, entry.department_id)}
            for entry in found.items
        ]
        return ViewPage(items, found.next, found.total)
