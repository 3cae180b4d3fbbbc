"""Requests (服务申请): what departments ask for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.reader import reader
from egovcloud.api.routes.buckets import Days, Prefix, QuotaGib
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Ids, LongText, Name, Patch, Ref, Text
from egovcloud.api.views.place import HostReason, host_reasons
from egovcloud.api.views.request import QuotaCheck, RequestDetail, RequestView
from egovcloud.services import request as service
from egovcloud.services import request_view as shown
from egovcloud.services.volume import SIZE_GIB

routes = Routes("requests")

Size = Annotated[int, Field(ge=SIZE_GIB[0], le=SIZE_GIB[1], description="GiB")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class VolumeOfItem(Body):
    """A volume beside each machine of the item."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=service.VOLUME_NAME)]
    size_gib: Size


class InstanceItem(Body):
    """Machines of one kind; with ``anti_affinity`` no two of them on one host."""

    kind: Literal["instance"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=service.MACHINE_NAME)]
    count: Annotated[int, Field(ge=1, le=service.MAX_MACHINES)] = 1
    flavor_id: Id
    image_id: Id
    network_ids: Annotated[list[Id], Field(min_length=1, max_length=8)]
    security_group_ids: Ids = []
    ssh_key_ids: Ids = []
    zone_id: Id | None = None
    anti_affinity: bool = False
    user_data: LongText | None = None
    volumes: Annotated[list[VolumeOfItem], Field(max_length=16)] = []


class VolumeItem(Body):
    """A volume for a machine that exists."""

    kind: Literal["volume"]
    name: Name
    size_gib: Size
    instance_id: Id


class BucketItem(Body):
    """A bucket; without ``provider_id`` at the only endpoint that there is."""

    kind: Literal["bucket"]
    name: Name
    quota_gib: QuotaGib
    versioning: bool = False
    expire_days: Days = None
    expire_prefix: Prefix = ""
    provider_id: Id | None = None


class GrowItem(Body):
    """More room on a volume that exists."""

    kind: Literal["grow_volume"]
    volume_id: Id
    size_gib: Size


class ResizeItem(Body):
    """Another flavor for a machine that exists."""

    kind: Literal["resize_instance"]
    instance_id: Id
    flavor_id: Id


Item = Annotated[InstanceItem | VolumeItem | BucketItem | GrowItem | ResizeItem, Field(discriminator="kind")]
Items = Annotated[list[Item], Field(min_length=1, max_length=service.MAX_ITEMS)]


class RequestCreate(Body):
    """A draft; nothing is asked of anybody until it is submitted."""

    title: Title
    purpose: Text = ""
    project_id: Id
    application_id: Id | None = None
    items: Items


class RequestUpdate(Patch):
    title: Title = ""
    purpose: Text = ""
    project_id: Id = ""
    application_id: Id | None = None
    items: Items = []


class RequestCheck(Body):
    project_id: Id
    items: Items


class Decision(Body):
    comment: Text = ""


class Link(Answer):
    """One step of the chain that would decide."""

    position: int
    level: str
    department: Ref


class AmountView(Answer):
    """What it would take of every quota."""

    instances: int
    vcpus: int
    memory_mib: int
    volume_gib: int
    addresses: int
    buckets: int
    object_gib: int


class CheckAnswer(Answer):
    """What a request would cost, whether the quotas allow it and who would decide."""

    amount: AmountView
    quota: list[QuotaCheck]
    chain: list[Link]
    ok: bool


class Placed(Answer):
    """Where one machine of an item would go now; ``host`` is null when no host can take it."""

    item: int
    index: int
    host: Ref | None
    reasons: list[HostReason]


@routes.get("/requests", permission="request:read", listing=shown.LISTING)
def list_requests(call: Call, query: ListParams) -> Page[RequestView]:
    """Requests of my subtree."""
    return Page[RequestView].of(shown.page(call.house, reader(call), query.query()))


@routes.post("/requests", permission="request:create", status=201)
def create_request(call: Call, body: RequestCreate) -> RequestDetail:
    """Draft a request."""
    request = service.create(call.house, call.actor, **_plain(body))
    return _detail(call, request.id)


@routes.post("/requests/check", permission="request:create", once=False)
def check_request(call: Call, body: RequestCheck) -> CheckAnswer:
    """What it would cost and who would decide; stores nothing."""
    checked = service.check(call.house, call.actor, **_plain(body))
    return CheckAnswer.of(shown.check_view(reader(call), checked))


@routes.get("/requests/<request_id>", permission="request:read")
def show_request(call: Call, request_id: str) -> RequestDetail:
    """One request with its approvals, its quota check and what it made."""
    return _detail(call, request_id)


@routes.patch("/requests/<request_id>", permission="request:create")
def update_request(call: Call, request_id: str, body: RequestUpdate) -> RequestDetail:
    """Change a draft, or a request that was returned."""
    service.update(call.house, call.actor, request_id, **_plain(body))
    return _detail(call, request_id)


@routes.post("/requests/<request_id>/submit", permission="request:submit")
def submit_request(call: Call, request_id: str) -> RequestDetail:
    """Hand it in; refused at once when a quota is too small."""
    service.submit(call.house, call.actor, request_id)
    return _detail(call, request_id)


@routes.post("/requests/<request_id>/withdraw", permission="request:withdraw")
def withdraw_request(call: Call, request_id: str) -> RequestDetail:
    """Take it back before it is decided."""
    service.withdraw(call.house, call.actor, request_id)
    return _detail(call, request_id)


@routes.post("/requests/<request_id>/approve", permission="request:approve")
def approve_request(call: Call, request_id: str, body: Decision) -> RequestDetail:
    """One level's yes; the last one makes it real."""
    service.approve(call.house, call.actor, request_id, comment=body.comment)
    return _detail(call, request_id)


@routes.post("/requests/<request_id>/reject", permission="request:approve")
def reject_request(call: Call, request_id: str, body: Decision) -> RequestDetail:
    """A no that ends it."""
    service.reject(call.house, call.actor, request_id, comment=body.comment)
    return _detail(call, request_id)


@routes.post("/requests/<request_id>/return", permission="request:approve")
def return_request(call: Call, request_id: str, body: Decision) -> RequestDetail:
    """Back to its author for a change."""
    service.send_back(call.house, call.actor, request_id, comment=body.comment)
    return _detail(call, request_id)


@routes.get("/requests/<request_id>/placement", permission="placement:preview")
def preview_placement(call: Call, request_id: str) -> list[Placed]:
    """Where each machine would go now, and why; claims nothing."""
    language = reader(call).language
    result = []
    for item, index, verdicts in service.placement_preview(call.house, call.actor, request_id):
        reasons = host_reasons(verdicts, language)
        host = next((reason.host for reason in reasons if reason.accepted), None)
        result.append(Placed(item=item, index=index, host=host, reasons=reasons))
    return result


def _detail(call: Call, request_id: str) -> RequestDetail:
    return RequestDetail.of(shown.get(call.house, reader(call), request_id))


def _plain(body: RequestCreate | RequestUpdate | RequestCheck) -> dict[str, Any]:
    values = body.values()
    if "items" in values:
        values["items"] = [item.model_dump() for item in body.items]
    return values
