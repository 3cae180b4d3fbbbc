"""What is in a bucket: browsed, downloaded, uploaded, deleted, and shared for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from flask import Response
from pydantic import Field

from egovcloud.api.call import Call
from egovcloud.api.incoming import Incoming
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import INT64, Answer, Body, Query, TextAnswer
from egovcloud.drivers.objects import MAX_PARTS, PART_BYTES
from egovcloud.services import bucket_content as content
from egovcloud.services import bucket_upload as uploads

routes = Routes("bucket-objects")

Key = Annotated[str, Field(min_length=1, max_length=1024, description="The object's key.")]
NUMBER = r"[1-9][0-9]{0,4}"


class KeyQuery(Query):
    key: Key


class ReadQuery(KeyQuery):
    start: Annotated[int, Field(ge=0, le=INT64, description="The first byte, to go on where a download broke off.")] = 0


class BrowseQuery(Query):
    prefix: Annotated[str, Field(max_length=1024, description="What the keys begin with.")] = ""
    after: Annotated[str | None, Field(max_length=2048, description="The cursor `next` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="How many names at most.")] = 200
    deep: Annotated[bool, Field(description="Every key, instead of one name for all below the next slash.")] = False


class ObjectView(Answer):
    key: str
    size: int
    modified: datetime


class ObjectPageView(Answer):
    """``prefixes`` stand for what lies below them; ``next`` is null on the last page."""

    objects: list[ObjectView]
    prefixes: list[str]
    next: str | None


class UploadCreate(Body):
    key: Key
    size: Annotated[int, Field(ge=1, le=uploads.MAX_BYTES, description="Bytes in all.")]


class UploadView(Answer):
    """``parts`` parts of ``part_size`` bytes each, the last one smaller; ``arrived`` need not be sent again."""

    id: str
    key: str
    size: int
    part_size: int
    parts: int
    arrived: list[Annotated[int, Field(le=MAX_PARTS)]]
    created_at: datetime


class UrlCreate(Body):
    key: Key
    method: Literal["GET", "PUT"] = "GET"
    seconds: Annotated[int, Field(ge=content.URL_SECONDS[0], le=content.URL_SECONDS[1])] = 3600


class UrlView(Answer):
    """Whoever has the address needs no account until it ends."""

    url: str
    method: str
    expires_at: datetime


@routes.get("/buckets/<bucket_id>/objects", permission="bucket:download")
def list_objects(call: Call, bucket_id: str, query: BrowseQuery) -> ObjectPageView:
    """Keys below a prefix."""
    page = content.browse(call.house, call.drivers, call.actor, bucket_id, **query.model_dump())
    return ObjectPageView.of(page)


@routes.delete("/buckets/<bucket_id>/objects", permission="bucket:upload")
def delete_object(call: Call, bucket_id: str, query: KeyQuery) -> None:
    """Delete one object."""
    content.remove(call.house, call.drivers, call.actor, bucket_id, query.key)


@routes.get("/buckets/<bucket_id>/content", permission="bucket:download", media_type="application/octet-stream")
def download_object(call: Call, bucket_id: str, query: ReadQuery) -> TextAnswer:
    """The bytes of an object, always as a file to be saved."""
    found = content.read(call.house, call.drivers, call.actor, bucket_id, query.key, start=query.start)
    headers = {
        "Content-Length": str(found.size),
        # Never shown on our own origin, whatever it is (RFC 6266).
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
    }
    return Response(found.pieces, content_type="application/octet-stream", headers=headers)  # type: ignore[return-value]


@routes.put("/buckets/<bucket_id>/content", permission="bucket:upload", binary=PART_BYTES)
def upload_object(call: Call, bucket_id: str, query: KeyQuery, data: Incoming) -> ObjectView:
    """An object of at most 8 MiB in one piece."""
    made = content.write(call.house, call.drivers, call.actor, bucket_id, query.key, data.file, data.size)
    return ObjectView.of(made)


# Not repeated by a key: an unfinished upload of the same key and size is found again by itself.
@routes.post("/buckets/<bucket_id>/uploads", permission="bucket:upload", once=False)
def begin_upload(call: Call, bucket_id: str, body: UploadCreate) -> UploadView:
    """Begin an upload in parts, or go on with the one that was left."""
    return UploadView.of(uploads.begin(call.house, call.drivers, call.actor, bucket_id, **body.values()))


@routes.get("/buckets/<bucket_id>/uploads", permission="bucket:download")
def list_uploads(call: Call, bucket_id: str) -> list[UploadView]:
    """Uploads that are not finished."""
    return [UploadView.of(one) for one in uploads.unfinished(call.house, call.drivers, call.actor, bucket_id)]


@routes.get("/buckets/<bucket_id>/uploads/<upload_id>", permission="bucket:upload")
def show_upload(call: Call, bucket_id: str, upload_id: str) -> UploadView:
    """Which parts have arrived."""
    return UploadView.of(uploads.get(call.house, call.drivers, call.actor, bucket_id, upload_id))


@routes.put(
    "/buckets/<bucket_id>/uploads/<upload_id>/parts/<number>",
    permission="bucket:upload",
    binary=PART_BYTES,
    paths={"number": NUMBER},
)
def upload_part(call: Call, bucket_id: str, upload_id: str, number: str, data: Incoming) -> None:
    """Send one part; again, when the answer was lost."""
    uploads.put_part(call.house, call.drivers, call.actor, bucket_id, upload_id, int(number), data.file, data.size)


@routes.post("/buckets/<bucket_id>/uploads/<upload_id>/complete", permission="bucket:upload", once=False)
def complete_upload(call: Call, bucket_id: str, upload_id: str) -> ObjectView:
    """Make the object of its parts."""
    return ObjectView.of(uploads.complete(call.house, call.drivers, call.actor, bucket_id, upload_id))


@routes.delete("/buckets/<bucket_id>/uploads/<upload_id>", permission="bucket:upload")
def abort_upload(call: Call, bucket_id: str, upload_id: str) -> None:
    """Give an upload up."""
    uploads.abort(call.house, call.drivers, call.actor, bucket_id, upload_id)


@routes.post("/buckets/<bucket_id>/urls", permission="bucket:download", once=False)
def create_url(call: Call, bucket_id: str, body: UrlCreate) -> UrlView:
    """A temporary address of one object at the endpoint itself, to read it or to write it."""
    url, until = content.address(call.house, call.drivers, call.actor, bucket_id, **body.values())
    return UrlView(url=url, method=body.method, expires_at=until)
