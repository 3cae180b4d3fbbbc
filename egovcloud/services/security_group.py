"""Security groups (安全组): who may talk to an instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import delete as remove
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import project
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.services.rules import free
from egovcloud.services.rules import name as checked_name
from egovcloud.services.rules import text as checked_text
from egovcloud.store.journal import emit, touch, transition
from egovcloud.store.models import (
    Department,
    Instance,
    InstanceSecurityGroup,
    Operation,
    Project,
    SecurityGroup,
    SecurityRule,
)

MAX_RULES = 100
DIRECTIONS = ("ingress", "egress")
PROTOCOLS = ("tcp", "udp", "icmp", "any")
RULE = ("direction", "protocol", "port_min", "port_max", "cidr")

LISTING = Listing(
    SecurityGroup,
    "security_group:read",
    department=SecurityGroup.department_id,
    search=func.lower(SecurityGroup.name),
    sorts={"name": SecurityGroup.name},
    filters={
        "state": equals(SecurityGroup.state),
        "project_id": equals(SecurityGroup.project_id),
        "department_id": subtree(SecurityGroup.department_id),
    },
)


def views(session: Session, _actor: Actor, rows: Sequence[SecurityGroup]) -> list[View]:
    """Groups with their rules and the number of instances that they guard."""
    ids = [row.id for row in rows]
    refs = Refs(session, {Department: (row.department_id for row in rows), Project: (row.project_id for row in rows)})
    rules_of: dict[str, list[View]] = {}
    found = select(SecurityRule).where(SecurityRule.security_group_id.in_(ids)).order_by(SecurityRule.id)
    for rule in session.scalars(found):
        rules_of.setdefault(rule.security_group_id, []).append({name: getattr(rule, name) for name in RULE})
    guarded = tally(session, InstanceSecurityGroup.security_group_id, *_guards(ids))
    return [
        {
            **entity(row, "name", "description", "state"),
            "department": refs.ref(Department, row.department_id),
            "project": refs.ref(Project, row.project_id),
            "rules": rules_of.get(row.id, []),
            "instances": guarded.get(row.id, 0),
        }
        for row in rows
    ]


def _guards(ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    alive = select(Instance.id).where(Instance.state != "deleted", Instance.id == InstanceSecurityGroup.instance_id)
    return (InstanceSecurityGroup.security_group_id.in_(ids), alive.exists())


NOUN = Noun(LISTING, views, tombstones=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of security groups."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One security group."""
    return read_one(house, actor, NOUN, id_)


def create(
    house: House,
    actor: Actor,
    *,
    project_id: str,
    name: str,
    description: str = "",
    rules: Sequence[Mapping[str, Any]] = (),
) -> View:
    """A new group; hosts get it when an instance first needs it there."""
    with house.write(actor, "security_group.create", "security_group") as unit:
        session = unit.session
        home = given(session, actor, project.NOUN, project_id, "project_id")
        unit.about("security_group", home, name)
        unit.require("security_group:create", home.department_id)
        row = SecurityGroup(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            project_id=home.id,
            department_id=home.department_id,
            name=_name(session, name, home.id),
            description=checked_text(description),
        )
        session.add(row)
        session.flush()
        _write_rules(unit, row, rules)
        unit.about("security_group", row)
        emit(session, unit.now, "security_group.create", "security_group", row.id, department_id=row.department_id)
        return views(session, actor, [row])[0]


def update(house: House, actor: Actor, id_: str, *, name: str | None = None, description: str | None = None) -> View:
    """Another name or description; what is ``None`` stays."""
    with house.write(actor, "security_group.update", "security_group") as unit:
        row = _changing(unit, actor, id_, "security_group:update")
        changes: dict[str, object] = {}
        if name is not None:
            changes["name"] = _name(unit.session, name, row.project_id, row.id)
        if description is not None:
            changes["description"] = checked_text(description)
        if changes:
            touch(unit.session, row, now=unit.now, **changes)
            emit(unit.session, unit.now, unit.action, "security_group", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]


def set_rules(house: House, actor: Actor, id_: str, rules: Sequence[Mapping[str, Any]]) -> Operation:
    """Replace all rules; the operation brings them to every host where the group guards something."""
    with house.write(actor, "security_group.set_rules", "security_group") as unit:
        row = _changing(unit, actor, id_, "security_group:update")
        transition(unit.session, row, "change", now=unit.now)
        _write_rules(unit, row, rules)
        return _enqueue(unit, row, "security_group.apply")


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """Take it off every host; ``Conflict`` counts the instances that it still guards."""
    with house.write(actor, "security_group.delete", "security_group") as unit:
        row = _changing(unit, actor, id_, "security_group:delete")
        transition(unit.session, row, "delete", now=unit.now)
        guarded = select(func.count()).select_from(InstanceSecurityGroup).where(*_guards([row.id]))
        if count := unit.session.scalar(guarded):
            raise Conflict("security_group.used", security_group=row.name, count=count)
        return _enqueue(unit, row, "security_group.delete")


def check_rule(rule: Mapping[str, Any], position: int) -> dict[str, Any]:
    """One rule in its canonical form: a network without host bits, and ports for tcp and udp alone."""
    field = f"rules[{position}]"
    direction, protocol = rule.get("direction"), rule.get("protocol")
    low, high, cidr = rule.get("port_min"), rule.get("port_max"), rule.get("cidr", "0.0.0.0/0")
    for name, value, allowed in (("direction", direction, DIRECTIONS), ("protocol", protocol, PROTOCOLS)):
        if value not in allowed:
            raise Invalid("input.choice", field=f"{field}.{name}", name=name, allowed=", ".join(allowed))
    if protocol not in ("tcp", "udp") and (low is not None or high is not None):
        raise Invalid("security_rule.no_ports", field=f"{field}.port_min", protocol=protocol)
    if (low is None) != (high is None) or (low is not None and high is not None and not 1 <= low <= high <= 65535):
        raise Invalid("security_rule.ports", field=f"{field}.port_min", low=low, high=high)
    try:
        net = IPv4Network(str(cidr))
    except ValueError:
        raise Invalid("security_rule.cidr", field=f"{field}.cidr", cidr=str(cidr)[:64]) from None
    return {"direction": direction, "protocol": protocol, "port_min": low, "port_max": high, "cidr": str(net)}


def _write_rules(unit: Unit, row: SecurityGroup, given_rules: Sequence[Mapping[str, Any]]) -> None:
    if len(given_rules) > MAX_RULES:
        raise Invalid("security_group.rules", field="rules", count=len(given_rules), maximum=MAX_RULES)
    checked = [check_rule(rule, position) for position, rule in enumerate(given_rules)]
    unit.session.execute(remove(SecurityRule).where(SecurityRule.security_group_id == row.id))
    for rule in checked:
        unit.session.add(SecurityRule(id=new_id(), security_group_id=row.id, **rule))
    unit.session.flush()
    unit.data["rules"] = checked


def _name(session: Session, name: str, project_id: str, id_: str = "") -> str:
    name = checked_name(name)
    same = (SecurityGroup.project_id == project_id, SecurityGroup.name == name, SecurityGroup.id != id_)
    free(session, *same, SecurityGroup.state != "deleted", name=name)
    return name


def _changing(unit: Unit, actor: Actor, id_: str, permission: str) -> SecurityGroup:
    row = find(unit.session, actor, NOUN, id_)
    unit.about("security_group", row)
    unit.require(permission, row.department_id)
    return row


def _enqueue(unit: Unit, row: SecurityGroup, kind: str) -> Operation:
    return enqueue(
        unit.session,
        kind,
        row.id,
        now=unit.now,
        department_id=row.department_id,
        requested_by=unit.actor.user_id,
    )
