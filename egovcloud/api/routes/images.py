"""Images (镜像)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from egovcloud.api.call import Call
from egovcloud.api.paging import ListParams, Page
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer, Body, Id, Name, Ref
from egovcloud.api.views.operation import OperationView
from egovcloud.services import image as service
from egovcloud.services import operation_view as operations

routes = Routes("images")

Path = Annotated[str, StringConstraints(min_length=1, max_length=service.PATH_LENGTH)]


class ImageCreate(Body):
    """Files that already lie in the image directory; ``sha256`` is of ``disk``."""

    name: Name
    disk: Path
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$", max_length=64)]
    format: Literal["qcow2", "raw"] = "qcow2"
    firmware: Literal["bios", "uefi", "direct"] = "bios"
    kernel: Path | None = None
    initrd: Path | None = None
    cmdline: Annotated[str, StringConstraints(max_length=500)] | None = None
    visibility: Literal["public", "department"] = "public"
    department_id: Id | None = None
    min_disk_gib: Annotated[int, Field(ge=1, le=16384)] = 1
    login_user: Annotated[str, StringConstraints(min_length=1, max_length=32)] = "root"
    source: Annotated[str, StringConstraints(max_length=500)] = ""


class ImageUpdate(Body):
    name: Name


class ImageView(Answer):
    """What instances boot from; paths and the number of instances are for those who keep images."""

    id: str
    generation: int
    created_at: datetime
    updated_at: datetime
    name: str
    state: str
    visibility: str
    department: Ref | None
    format: str
    firmware: str
    disk: str | None
    kernel: str | None
    initrd: str | None
    cmdline: str | None
    sha256: str
    size_bytes: int
    min_disk_gib: int
    source: str
    login_user: str
    instances: int | None


@routes.get("/images", permission="image:read", listing=service.LISTING)
def list_images(call: Call, query: ListParams) -> Page[ImageView]:
    """Images that I may boot from."""
    return Page[ImageView].of(service.page(call.house, call.actor, query.query()))


@routes.get("/images/<image_id>", permission="image:read")
def show_image(call: Call, image_id: str) -> ImageView:
    """One image."""
    return ImageView.of(service.get(call.house, call.actor, image_id))


@routes.post("/images", permission="image:create", status=201)
def create_image(call: Call, body: ImageCreate) -> ImageView:
    """Register an image whose files lie in the image directory."""
    return ImageView.of(service.create(call.house, call.actor, call.settings.image_directories, **body.values()))


@routes.patch("/images/<image_id>", permission="image:update")
def update_image(call: Call, image_id: str, body: ImageUpdate) -> ImageView:
    """Rename an image."""
    return ImageView.of(service.rename(call.house, call.actor, image_id, name=body.name))


@routes.post("/images/<image_id>/retire", permission="image:update")
def retire_image(call: Call, image_id: str) -> ImageView:
    """Offer it no more."""
    return ImageView.of(service.retire(call.house, call.actor, image_id))


@routes.post("/images/<image_id>/restore", permission="image:update")
def restore_image(call: Call, image_id: str) -> ImageView:
    """Offer it again."""
    return ImageView.of(service.restore(call.house, call.actor, image_id))


@routes.delete("/images/<image_id>", permission="image:delete", status=202)
def delete_image(call: Call, image_id: str) -> OperationView:
    """Remove its copies from every host."""
    operation = service.delete(call.house, call.actor, image_id)
    return OperationView.of(operations.show(call.house, call.actor, operation.id))
