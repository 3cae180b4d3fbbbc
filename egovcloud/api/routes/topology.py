"""How applications hang together (网络拓扑)."""

from __future__ import annotations

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Id, Query, Ref
from egovcloud.services import topology as service

routes = Routes("topology")


class TopologyQuery(Query):
    """Whose machines."""

    department_id: Id | None = None


class NetworkDrawn(Answer):
    id: str
    name: str
    mode: str
    cidr: str
    zone: Ref | None


class Attachment(Answer):
    """How many machines of an application are in the network ``id``."""

    id: str
    instances: int


class ApplicationDrawn(Answer):
    """One application's machines; without ``application`` those of the project that belong to none."""

    application: Ref | None
    project: Ref
    department: Ref
    instances: int
    networks: list[Attachment]


class Topology(Answer):
    """At most a thousand applications, by department; ``total`` counts them all."""

    networks: list[NetworkDrawn]
    applications: list[ApplicationDrawn]
    total: int


@routes.get("/topology", permission="network:read")
def show_topology(call: Call, query: TopologyQuery) -> Topology:
    """Which application has machines in which network, as far as I may see them."""
    return Topology.of(service.show(call.house, call.actor, department_id=query.department_id))
