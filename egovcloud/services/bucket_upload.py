"""Large objects in parts: what broke off goes on where it was, from any browser, for a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid, NotFound
from egovcloud.domain.ids import new_id
from egovcloud.drivers.objects import MAX_PARTS, PART_BYTES, ObjectFacts, Part
from egovcloud.engine.providers import Providers
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.bucket_content import LONG, arrived, reach, room, sound
from egovcloud.services.house import House
from egovcloud.store.models import Bucket, Upload, UploadPart

MAX_BYTES = PART_BYTES * MAX_PARTS
AT_ONCE = 100  # unfinished uploads of one bucket


@dataclass(frozen=True)
class UploadView:
    """An upload and the numbers of the parts that have arrived."""

    id: str
    key: str
    size: int
    part_size: int
    parts: int
    arrived: tuple[int, ...]
    created_at: datetime


def begin(house: House, providers: Providers, actor: Actor, bucket_id: str, *, key: str, size: int) -> UploadView:
    """A new upload of ``size`` bytes, or the one of this key and size that the same person left unfinished."""
    sound(key)
    rules.within(size, "size", 1, MAX_BYTES)
    reached = reach(house, providers, actor, "bucket:upload", bucket_id)
    with house.read() as session:
        open_ = session.scalars(select(Upload).where(Upload.bucket_id == bucket_id)).all()
        for one in open_:
            if (one.key, one.size, one.created_by) == (key, size, actor.user_id):
                return _view(session, one)
    if len(open_) >= AT_ONCE:
        raise Conflict("upload.many", limit=AT_ONCE)
    room(house, reached.bucket, size)
    external_id = reached.store.begin_upload(bucket_id, key, "application/octet-stream", within=LONG)
    with house.write(actor, "bucket.begin_upload", "bucket") as unit:
        unit.about("bucket", unit.session.get_one(Bucket, bucket_id), key=key, size=size)
        row = Upload(
            id=new_id(),
            bucket_id=bucket_id,
            key=key,
            size=size,
            external_id=external_id,
            created_at=unit.now,
            created_by=actor.user_id,
        )
        unit.session.add(row)
        unit.session.flush()
        return _view(unit.session, row)


def unfinished(house: House, providers: Providers, actor: Actor, bucket_id: str) -> list[UploadView]:
    """What is on its way, oldest first."""
    reach(house, providers, actor, "bucket:download", bucket_id)
    with house.read() as session:
        rows = session.scalars(select(Upload).where(Upload.bucket_id == bucket_id).order_by(Upload.id))
        return [_view(session, row) for row in rows]


def get(house: House, providers: Providers, actor: Actor, bucket_id: str, upload_id: str) -> UploadView:
    """One upload: which parts are still to be sent."""
    reach(house, providers, actor, "bucket:upload", bucket_id)
    with house.read() as session:
        return _view(session, _row(session, bucket_id, upload_id))


def put_part(
    house: House,
    providers: Providers,
    actor: Actor,
    bucket_id: str,
    upload_id: str,
    number: int,
    data: BinaryIO,
    size: int,
) -> None:
    """One part, in the place of what was sent under its number before."""
    reached = reach(house, providers, actor, "bucket:upload", bucket_id)
    with house.read() as session:
        row = _row(session, bucket_id, upload_id)
    count = _count(row.size)
    rules.within(number, "number", 1, count)
    expected = PART_BYTES if number < count else row.size - PART_BYTES * (count - 1)
    if size != expected:
        raise Invalid("upload.part", number=number, expected=expected, found=size)
    part = reached.store.put_part(bucket_id, row.key, row.external_id, number, data, size, within=LONG)
    with house.database.unit() as session:
        _row(session, bucket_id, upload_id)
        session.merge(UploadPart(upload_id=upload_id, number=number, tag=part.tag))


def complete(house: House, providers: Providers, actor: Actor, bucket_id: str, upload_id: str) -> ObjectFacts:
    """Make the object; every part has to be there."""
    reached = reach(house, providers, actor, "bucket:upload", bucket_id)
    with house.read() as session:
        row = _row(session, bucket_id, upload_id)
        listed = select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.number)
        parts = [Part(one.number, one.tag) for one in session.scalars(listed)]
    count, there = _count(row.size), {part.number for part in parts}
    missing = next((number for number in range(1, count + 1) if number not in there), None)
    if missing is not None:
        raise Conflict("upload.parts", missing=missing, count=count)
    seen = reached.store.complete_upload(bucket_id, row.key, row.external_id, parts, within=LONG)
    _forget(house, upload_id)
    arrived(house, actor, bucket_id, row.key, row.size)
    return seen


def abort(house: House, providers: Providers, actor: Actor, bucket_id: str, upload_id: str) -> None:
    """Give it up; its parts are thrown away."""
    reached = reach(house, providers, actor, "bucket:upload", bucket_id)
    with house.read() as session:
        row = _row(session, bucket_id, upload_id)
    reached.store.abort_upload(bucket_id, row.key, row.external_id, within=LONG)
    with house.write(actor, "bucket.abort_upload", "bucket") as unit:
        unit.about("bucket", unit.session.get_one(Bucket, bucket_id), key=row.key)
    _forget(house, upload_id)


def _forget(house: House, upload_id: str) -> None:
    with house.database.unit() as session:
        session.execute(sql_delete(UploadPart).where(UploadPart.upload_id == upload_id))
        session.execute(sql_delete(Upload).where(Upload.id == upload_id))


def _row(session: Session, bucket_id: str, upload_id: str) -> Upload:
    row = session.get(Upload, upload_id)
    if row is None or row.bucket_id != bucket_id:
        raise NotFound("thing.absent", noun="uploads", id=upload_id)
    return row


def _count(size: int) -> int:
    return -(-size // PART_BYTES)


def _view(session: Session, row: Upload) -> UploadView:
    numbers = session.scalars(
        select(UploadPart.number).where(UploadPart.upload_id == row.id).order_by(UploadPart.number)
    )
    return UploadView(row.id, row.key, row.size, PART_BYTES, _count(row.size), tuple(numbers), row.created_at)
