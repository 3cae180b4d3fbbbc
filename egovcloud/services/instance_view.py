"""Instances (云主机) as they are seen: a page of them costs a handful of queries, however many things they point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Forbidden
from egovcloud.domain.messages import render
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House
from egovcloud.services.listing import Filter, Listing, ListQuery, equals, given, subtree
from egovcloud.services.reading import Noun, ViewPage, read_one, read_page
from egovcloud.services.refs import Refs, Related, View, entity
from egovcloud.store.models import (
    Application,
    Department,
    Flavor,
    Host,
    Image,
    Instance,
    InstanceSecurityGroup,
    Network,
    Port,
    Project,
    Request,
    SecurityGroup,
    Volume,
    Zone,
)


def _in_network() -> Filter:
    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        return Instance.id.in_(select(Port.instance_id).where(Port.network_id.in_(list(values))))

    return build


def _guarded_by() -> Filter:
    def build(_session: Session, values: Sequence[str]) -> ColumnElement[bool]:
        group = InstanceSecurityGroup.security_group_id.in_(list(values))
        return Instance.id.in_(select(InstanceSecurityGroup.instance_id).where(group))

    return build


LISTING = Listing(
    Instance,
    "instance:read",
    department=Instance.department_id,
    search=Instance.search,
    sorts={"name": Instance.name},
    filters={
        "department_id": subtree(Instance.department_id),
        "project_id": equals(Instance.project_id),
        "application_id": equals(Instance.application_id),
        "state": equals(Instance.state),
        "host_id": equals(Instance.host_id),
        "image_id": equals(Instance.image_id),
        "flavor_id": equals(Instance.flavor_id),
        "request_id": equals(Instance.request_id),
        "zone_id": equals(Instance.zone_id),
        "network_id": _in_network(),
        "security_group_id": _guarded_by(),
        "adopted": given(Instance.adopted_at, "adopted"),
    },
)
FIELDS = (
    "name hostname vcpus memory_mib disk_gib state desired_power observed_power observed_at anti_affinity deleted_at"
).split()


def views(session: Session, actor: Actor, rows: Sequence[Instance]) -> list[View]:
    """Instances with everything that they point at: six queries a page."""
    ids = [row.id for row in rows]
    open_ = sees_hosts(session, actor)
    refs = Refs(
        session,
        {
            Department: [row.department_id for row in rows],
            Project: [row.project_id for row in rows],
            Application: [row.application_id for row in rows],
            Request: [row.request_id for row in rows],
            Flavor: [row.flavor_id for row in rows],
            Zone: [row.zone_id for row in rows],
            Host: [row.host_id for row in rows] if open_ else [],
        },
    )
    images = {row.image_id for row in rows if row.image_id}  # what was adopted has none
    image_of = {id_: (name, user) for id_, name, user in _IMAGES.of(session, images)}
    ports, groups, volumes = _ports(session, ids), _groups(session, ids), _volumes(session, ids)
    result = []
    for row in rows:
        image_name, user = image_of.get(row.image_id or "", (None, None))
        mine = ports.get(row.id, [])
        number = refs.name(Request, row.request_id)
        result.append(
            {
                **entity(row, *FIELDS),
                "department": refs.ref(Department, row.department_id),
                "project": refs.ref(Project, row.project_id),
                "application": refs.ref(Application, row.application_id),
                "request": {"id": row.request_id, "number": number} if number else None,
                "flavor": refs.ref(Flavor, row.flavor_id),
                "image": {"id": row.image_id, "name": image_name} if row.image_id else None,
                "zone": refs.ref(Zone, row.zone_id),
                "host": refs.ref(Host, row.host_id),
                "addresses": [port["address"] for port in mine if port["address"]],
                "ports": mine,
                "security_groups": groups.get(row.id, []),
                "volumes": volumes.get(row.id, []),
                "login_user": user,
                "ssh": f"ssh {user}@{mine[0]['address']}" if mine and user else None,
                "adopted_at": row.adopted_at,
                "shelved_at": row.shelved_at,
                "origin": origin(row.origin) if open_ else None,
                "error": failure(row.error, actor, open_=open_),
                "placement": placement(row.placement, actor) if open_ else None,
            }
        )
    return result


def origin(stored: Mapping[str, Any] | None) -> View | None:
    """What an adopted thing was called before, and in its cloud; for those who may read hosts."""
    return {name: stored.get(name) for name in ("name", "external_id")} if stored else None


NOUN = Noun(LISTING, views, tombstones=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of instances; which host carries what is for those who may read hosts."""
    if "host_id" in query.filters:
        with house.read() as session:
            if not sees_hosts(session, actor):
                raise Forbidden("auth.forbidden", permission="host:read")
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One instance; a deleted one is still there to be looked at."""
    return read_one(house, actor, NOUN, id_)


def placement(stored: Mapping[str, Any] | None, actor: Actor) -> View | None:
    """Why this host was taken, in sentences."""
    if not stored:
        return None
    reasons = [
        {"name": str(r.get("name", "")), "text": render(str(r["code"]), r.get("params") or {}, actor.language)}
        for r in stored.get("reasons", ())
    ]
    return {**{name: stored.get(name) for name in ("host", "score", "considered", "refused")}, "reasons": reasons}


_PORTS = Related(
    lambda one_of: (
        select(Port.instance_id, Port.mac, Port.address, Port.network_name, Network.id, Network.name)
        .outerjoin(Network, Network.id == Port.network_id)
        .where(one_of(Port.instance_id))
        .order_by(Port.position)
    )
)
_GROUPS = Related(
    lambda one_of: (
        select(InstanceSecurityGroup.instance_id, SecurityGroup.id, SecurityGroup.name)
        .join(SecurityGroup, SecurityGroup.id == InstanceSecurityGroup.security_group_id)
        .where(one_of(InstanceSecurityGroup.instance_id))
        .order_by(SecurityGroup.name)
    )
)
_VOLUMES = Related(
    lambda one_of: (
        select(Volume.instance_id, Volume.id, Volume.name, Volume.size_gib, Volume.device, Volume.state)
        .where(one_of(Volume.instance_id), Volume.state != "deleted")
        .order_by(Volume.id)
    )
)
_IMAGES = Related(lambda one_of: select(Image.id, Image.name, Image.login_user).where(one_of(Image.id)))


def _ports(session: Session, ids: Sequence[str]) -> dict[str, list[View]]:
    found: dict[str, list[View]] = {}
    for owner, mac, address, foreign, id_, name in _PORTS.of(session, ids):
        network = {"id": id_, "name": name} if id_ else None
        port = {"network": network, "network_name": name or foreign or "", "mac": mac, "address": address}
        found.setdefault(owner, []).append(port)
    return found


def _groups(session: Session, ids: Sequence[str]) -> dict[str, list[View]]:
    found: dict[str, list[View]] = {}
    for owner, id_, name in _GROUPS.of(session, ids):
        found.setdefault(owner, []).append({"id": id_, "name": name})
    return found


def _volumes(session: Session, ids: Sequence[str]) -> dict[str, list[View]]:
    found: dict[str, list[View]] = {}
    for owner, *values in _VOLUMES.of(session, ids):
        found.setdefault(str(owner), []).append(
            dict(zip(("id", "name", "size_gib", "device", "state"), values, strict=True))
        )
    return found
