"""Instances (云主机) and what people do to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Failure, Id, Ids, LongText, Name, Query, Ref, TextAnswer
from egovcloud.api.views.operation import OperationView
from egovcloud.services import instance as service
from egovcloud.services import instance_view as shown
from egovcloud.services import operation_view as operations
from egovcloud.services import timeline
from egovcloud.store.models import Operation

routes = Routes("instances")


class InstanceCreate(Body):
    """A machine without a request; ``ssh_key_ids`` are one's own keys."""

    name: Name
    project_id: Id
    application_id: Id | None = None
    flavor_id: Id
    image_id: Id
    network_ids: Annotated[list[Id], Field(min_length=1, max_length=8)]
    security_group_ids: Ids = []
    ssh_key_ids: Ids = []
    user_data: LongText | None = None
    zone_id: Id | None = None
    anti_affinity: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class InstanceUpdate(Body):
    name: Name


class Stop(Body):
    """``force`` cuts the power at once, otherwise it is cut after ``limit_seconds``."""

    force: bool = False
    limit_seconds: Annotated[int, Field(ge=service.STOP_LIMIT[0], le=service.STOP_LIMIT[1])] = 60


class Reboot(Body):
    """``force`` is the reset button."""

    force: bool = False


class Resize(Body):
    flavor_id: Id


class Rebuild(Body):
    image_id: Id


class Migrate(Body):
    """Without ``host_id``, the best host."""

    host_id: Id | None = None


class Guard(Body):
    """These groups and no others."""

    security_group_ids: Ids


class Confirm(Query):
    """What cannot be taken back is asked for by name."""

    confirm: Annotated[str | None, Field(max_length=120, description="The exact name of what it concerns.")] = None


class SerialQuery(Query):
    limit: Annotated[int, Field(ge=1, le=service.SERIAL_LIMIT, description="How many bytes at most.")] = 65536


class PortOfInstance(Answer):
    """One network card; of an adopted machine the network may be known by its name alone, and the address unknown."""

    network: Ref | None
    network_name: str
    mac: str
    address: str | None


class VolumeOfInstance(Answer):
    """A volume that belongs to it."""

    id: str
    name: str
    size_gib: int
    device: str | None
    state: str


class RequestRef(Answer):
    """The request that it came from."""

    id: str
    number: str


class PlacementReason(Answer):
    """Why this host."""

    name: str
    text: str


class PlacementView(Answer):
    """How the host was chosen; for those who may read hosts."""

    host: str | None
    score: float | None
    considered: int | None
    refused: str | None
    reasons: list[PlacementReason]


class Origin(Answer):
    """How an adopted thing was called before: its own name, and the cloud's id of it."""

    name: str | None
    external_id: str | None


class InstanceView(Answer):
    """A machine; ``host``, ``placement`` and ``origin`` are for those who may read hosts.

    One that was adopted has neither flavor nor image: its size is what was found.
    """

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    name: str
    hostname: str
    department: Ref
    project: Ref
    application: Ref | None
    request: RequestRef | None
    flavor: Ref | None
    image: Ref | None
    host: Ref | None
    zone: Ref | None
    vcpus: int
    memory_mib: int
    disk_gib: int
    state: str
    desired_power: str
    observed_power: str | None
    observed_at: datetime | None
    anti_affinity: str | None
    addresses: list[str]
    ports: list[PortOfInstance]
    security_groups: list[Ref]
    volumes: list[VolumeOfInstance]
    login_user: str | None
    ssh: str | None
    adopted_at: datetime | None
    shelved_at: datetime | None
    origin: Origin | None
    error: Failure | None
    placement: PlacementView | None


class TimelineItem(Answer):
    """One thing that happened."""

    at: datetime
    type: str
    text: str
    actor: str | None
    operation_id: str | None


@routes.get("/instances", permission="instance:read", listing=shown.LISTING)
def list_instances(call: Call, query: ListParams) -> Page[InstanceView]:
    """Instances of my subtree; deleted ones when `state` asks for them."""
    return Page[InstanceView].of(shown.page(call.house, reader(call), query.query()))


@routes.get("/instances/<instance_id>", permission="instance:read")
def show_instance(call: Call, instance_id: str) -> InstanceView:
    """One instance."""
    return InstanceView.of(shown.get(call.house, reader(call), instance_id))


@routes.post("/instances", permission="instance:create", status=202)
def create_instance(call: Call, body: InstanceCreate) -> OperationView:
    """Make a machine without a request."""
    return _started(call, service.create(call.house, call.actor, **body.values()))


@routes.patch("/instances/<instance_id>", permission="instance:update")
def update_instance(call: Call, instance_id: str, body: InstanceUpdate) -> InstanceView:
    """Rename it; the hostname inside stays."""
    service.rename(call.house, call.actor, instance_id, name=body.name)
    return InstanceView.of(shown.get(call.house, reader(call), instance_id))


@routes.post("/instances/<instance_id>/start", permission="instance:start", status=202)
def start_instance(call: Call, instance_id: str) -> OperationView:
    """Power on."""
    return _started(call, service.start(call.house, call.actor, instance_id))


@routes.post("/instances/<instance_id>/stop", permission="instance:stop", status=202)
def stop_instance(call: Call, instance_id: str, body: Stop) -> OperationView:
    """Ask the guest to power off; cut the power when it does not."""
    return _started(call, service.stop(call.house, call.actor, instance_id, **body.values()))


@routes.post("/instances/<instance_id>/reboot", permission="instance:reboot", status=202)
def reboot_instance(call: Call, instance_id: str, body: Reboot) -> OperationView:
    """Restart the guest."""
    return _started(call, service.reboot(call.house, call.actor, instance_id, force=body.force))


@routes.post("/instances/<instance_id>/shelve", permission="instance:shelve", status=202)
def shelve_instance(call: Call, instance_id: str) -> OperationView:
    """Keep it in storage alone: it takes no room on any host, and its quota stays."""
    return _started(call, service.shelve(call.house, call.actor, instance_id))


@routes.post("/instances/<instance_id>/unshelve", permission="instance:shelve", status=202)
def unshelve_instance(call: Call, instance_id: str) -> OperationView:
    """Bring it back, running: on its last host if there is room, or else on another one."""
    return _started(call, service.unshelve(call.house, call.actor, instance_id))


@routes.post("/instances/<instance_id>/resize", permission="instance:resize", status=202)
def resize_instance(call: Call, instance_id: str, body: Resize) -> OperationView:
    """Give it another flavor."""
    return _started(call, service.resize(call.house, call.actor, instance_id, flavor_id=body.flavor_id))


@routes.post("/instances/<instance_id>/rebuild", permission="instance:rebuild", status=202)
def rebuild_instance(call: Call, instance_id: str, body: Rebuild, query: Confirm) -> OperationView:
    """Give it a new system disk; the old one is wiped."""
    operation = service.rebuild(call.house, call.actor, instance_id, image_id=body.image_id, confirm=query.confirm)
    return _started(call, operation)


@routes.post("/instances/<instance_id>/migrate", permission="instance:migrate", status=202)
def migrate_instance(call: Call, instance_id: str, body: Migrate) -> OperationView:
    """Move it to another host while it runs."""
    return _started(call, service.migrate(call.house, call.actor, instance_id, host_id=body.host_id))


@routes.post("/instances/<instance_id>/security-groups", permission="security_group:update", status=202)
def guard_instance(call: Call, instance_id: str, body: Guard) -> OperationView:
    """Let these security groups guard it, and no others."""
    groups = body.security_group_ids
    return _started(call, service.guard(call.house, call.actor, instance_id, security_group_ids=groups))


@routes.delete("/instances/<instance_id>", permission="instance:delete", status=202)
def delete_instance(call: Call, instance_id: str, query: Confirm) -> OperationView:
    """Take it away and wipe its disks; its volumes stay."""
    return _started(call, service.delete(call.house, call.actor, instance_id, confirm=query.confirm))


@routes.post("/instances/<instance_id>/release", permission="instance:release", status=202)
def release_instance(call: Call, instance_id: str, query: Confirm) -> OperationView:
    """Give an adopted machine back as it is: it runs on and is not counted any more."""
    return _started(call, service.release(call.house, call.actor, instance_id, confirm=query.confirm))


@routes.get("/instances/<instance_id>/timeline", permission="instance:read")
def show_timeline(call: Call, instance_id: str) -> list[TimelineItem]:
    """Everything that happened to it, newest first."""
    return [TimelineItem.of(item) for item in timeline.of_instance(call.house, reader(call), instance_id)]


@routes.get("/instances/<instance_id>/serial-log", permission="instance:screen")
def show_serial_log(call: Call, instance_id: str, query: SerialQuery) -> TextAnswer:
    """The end of what the guest wrote to its serial port."""
    log = service.serial_log(call.house, call.drivers, call.actor, instance_id, limit=query.limit)
    return TextAnswer(log.decode(errors="replace"))


def _started(call: Call, operation: Operation) -> OperationView:
    return OperationView.of(operations.show(call.house, reader(call), operation.id))
