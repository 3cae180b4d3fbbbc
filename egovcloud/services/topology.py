"""How applications hang together (网络拓扑): which of them has machines in which network."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from egovcloud.services import department, network
from egovcloud.services.actor import Actor
from egovcloud.services.house import House
from egovcloud.services.listing import departments_under
from egovcloud.services.reading import given, own_departments, scoped
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.models import Application, Department, Instance, Network, Port, Project, Zone

MOST = 1000  # applications in one answer; a picture of more shows nothing

# Whose machines they are: application (or none), project, department.
OWNER = (Instance.application_id, Instance.project_id, Instance.department_id)


def show(house: House, actor: Actor, *, department_id: str | None = None) -> View:
    """Networks that the caller may use, and the applications with machines in them, those of one department together.

    Only machines are counted that the caller may see; ``department_id`` leaves those of its subtree. Machines without
    an application stand for their project. An adopted machine's networks that are not ours are left out.
    """
    with house.read() as session:
        mine = own_departments(session, actor, "instance:read")
        if department_id is not None:
            path = given(session, actor, department.NOUN, department_id, "department_id").path
            below = departments_under(session, [path])
            mine = below if mine is None else sorted(set(mine) & set(below))
        nets = session.scalars(
            select(Network)
            .where(*scoped(session, actor, network.NOUN), Network.state != "deleted")
            .order_by(Network.zone_id, Network.name)
        ).all()
        zones = Refs(session, {Zone: (net.zone_id for net in nets)})
        applications = _applications(session, mine, {net.id for net in nets})
        return {
            "networks": [{**entity(net, "name", "mode", "cidr"), "zone": zones.ref(Zone, net.zone_id)} for net in nets],
            "applications": applications[:MOST],
            "total": len(applications),
        }


def _applications(session: Session, departments: list[str] | None, networks: set[str]) -> list[View]:
    alive = [Instance.state != "deleted"]
    if departments is not None:
        alive.append(Instance.department_id.in_(departments))
    machines = func.count(Instance.id.distinct())
    plugged = select(*OWNER, Port.network_id, machines).join(Port, Port.instance_id == Instance.id).where(*alive)
    found: dict[tuple[str | None, str, str], View] = {}
    owned = session.execute(select(*OWNER, machines).where(*alive).group_by(*OWNER)).all()
    refs = Refs(
        session,
        {
            Application: (application_id for application_id, *_ in owned),
            Project: (project_id for _, project_id, *_ in owned),
            Department: (department_id for _, _, department_id, _ in owned),
        },
    )
    for application_id, project_id, department_id, count in owned:
        found[application_id, project_id, department_id] = {
            "application": refs.ref(Application, application_id),
            "project": refs.ref(Project, project_id),
            "department": refs.ref(Department, department_id),
            "instances": count,
            "networks": [],
        }
    rows = session.execute(plugged.group_by(*OWNER, Port.network_id))
    for application_id, project_id, department_id, network_id, count in rows:
        if network_id in networks:
            owner = found[application_id, project_id, department_id]
            owner["networks"].append({"id": network_id, "instances": count})
    ids = sorted({department_id for _, _, department_id in found})
    tree = session.scalars(select(Department.id).where(Department.id.in_(ids)).order_by(Department.path))
    place = {id_: number for number, id_ in enumerate(tree)}
    return [found[key] for key in sorted(found, key=lambda key: (place[key[2]], key[0] or "", key[1]))]
