"""What is in a bucket: browsed, read, written and deleted at once, as the one who asks may.

It is data, not a resource: the endpoint is asked directly, and who wrote or deleted what is in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import func, select, update

from egovcloud.domain.errors import Conflict, Forbidden, Invalid, NotFound, QuotaExceeded
from egovcloud.drivers.objects import ObjectFacts, ObjectPage, ObjectStore, flaw, unfit
from egovcloud.engine.operations.bucket import GIB
from egovcloud.engine.providers import Providers
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, require, visible
from egovcloud.store.models import Bucket, Provider, Upload

QUICK, LONG = 15.0, 120.0  # seconds that the endpoint may take for an answer, and for eight MiB
URL_SECONDS = (60, 7 * 86400)  # S3 signs for a week at most


@dataclass(frozen=True)
class Reached:
    """A bucket that the caller may do this to, and the way there."""

    store: ObjectStore
    bucket: Bucket


@dataclass(frozen=True)
class Download:
    """An object on its way out; ``size`` is what ``pieces`` adds up to."""

    name: str
    size: int
    pieces: Iterator[bytes]


def reach(house: House, providers: Providers, actor: Actor, permission: str, id_: str) -> Reached:
    """``Conflict`` unless the bucket is there to be used; a refusal to change something is on record."""
    try:
        with house.read() as session:
            bucket = visible(session, actor, "bucket:read", Bucket, id_)
            require(session, actor, permission, bucket.department_id)
            if bucket.state not in ("available", "updating") or bucket.provider_id is None:
                raise Conflict("bucket.not_ready", name=bucket.name, state=bucket.state)
            provider = session.get_one(Provider, bucket.provider_id)
    except Forbidden as problem:
        if permission != "bucket:download":
            house.refused(actor, permission.replace(":", "."), id_, problem)
        raise
    return Reached(providers.store(provider), bucket)


def sound(key: str, field: str = "key") -> str:
    """``key`` when every endpoint can hold an object of that name."""
    reason = flaw(key)
    if reason is not None:
        raise Invalid("object.key", field=field, reason=reason)
    return key


def holds_anything(house: House, providers: Providers, actor: Actor, id_: str) -> bool:
    """Whether there is an object in it now; of a bucket that never came to be there is none."""
    with house.read() as session:
        bucket = visible(session, actor, "bucket:read", Bucket, id_)
        if bucket.provider_id is None or bucket.external_id is None or bucket.state not in ("available", "error"):
            return False
        provider = session.get_one(Provider, bucket.provider_id)
    store = providers.store(provider)
    try:
        page = store.list_objects(id_, prefix="", after=None, limit=1, deep=True, within=QUICK)
    except NotFound:
        return False
    return bool(page.objects)


def browse(
    house: House,
    providers: Providers,
    actor: Actor,
    id_: str,
    *,
    prefix: str,
    after: str | None,
    limit: int,
    deep: bool,
) -> ObjectPage:
    """One page of what lies below ``prefix``."""
    if unfit(prefix):
        raise Invalid("object.key", field="prefix", reason="characters")
    reached = reach(house, providers, actor, "bucket:download", id_)
    try:
        return reached.store.list_objects(id_, prefix=prefix, after=after, limit=limit, deep=deep, within=QUICK)
    except Invalid:
        # The cursor is the endpoint's own, and only it can tell a wrong one.
        raise Invalid("list.cursor", field="after") from None


def read(house: House, providers: Providers, actor: Actor, id_: str, key: str, *, start: int = 0) -> Download:
    """The object from byte ``start`` on; the endpoint has answered before the first piece is asked for."""
    sound(key)
    reached = reach(house, providers, actor, "bucket:download", id_)
    seen = reached.store.stat_object(id_, key, within=QUICK)
    if seen is None:
        raise NotFound("object.absent", key=key)
    if not 0 <= start <= seen.size:
        raise Invalid("input.range", field="start", name="start", value=start, low=0, high=seen.size)
    pieces: Iterator[bytes] = iter(())
    if start < seen.size:
        pieces = reached.store.get_object(id_, key, start=start, within=LONG)
    return Download(key.rpartition("/")[2], seen.size - start, pieces)


def write(
    house: House, providers: Providers, actor: Actor, id_: str, key: str, data: BinaryIO, size: int
) -> ObjectFacts:
    """A small object in one piece."""
    sound(key)
    reached = reach(house, providers, actor, "bucket:upload", id_)
    room(house, reached.bucket, size)
    reached.store.put_object(id_, key, data, size, "application/octet-stream", within=LONG)
    seen = reached.store.stat_object(id_, key, within=QUICK)
    if seen is None:
        raise NotFound("object.absent", key=key)
    arrived(house, actor, id_, key, size)
    return seen


def remove(house: House, providers: Providers, actor: Actor, id_: str, key: str) -> None:
    """One object; of what is not there succeeds."""
    sound(key)
    reached = reach(house, providers, actor, "bucket:upload", id_)
    reached.store.delete_object(id_, key, within=QUICK)
    with house.write(actor, "bucket.remove", "bucket") as unit:
        unit.about("bucket", unit.session.get_one(Bucket, id_), key=key)


def address(
    house: House, providers: Providers, actor: Actor, id_: str, *, key: str, method: str, seconds: int
) -> tuple[str, datetime]:
    """A temporary address at the endpoint and its end; whoever has it needs no account."""
    sound(key)
    rules.within(seconds, "seconds", *URL_SECONDS)
    permission = "bucket:download" if method == "GET" else "bucket:upload"
    reached = reach(house, providers, actor, permission, id_)
    until = house.clock() + timedelta(seconds=seconds)
    url = reached.store.temporary_url(id_, key, method, seconds, within=QUICK)
    with house.write(actor, "bucket.url", "bucket") as unit:
        unit.about("bucket", unit.session.get_one(Bucket, id_), key=key, method=method, seconds=seconds)
    return url, until


def room(house: House, bucket: Bucket, size: int) -> None:
    """``QuotaExceeded`` when so much more, with what is on its way already, would pass the bucket's quota.

    The endpoint's own quota, where it has one, is the second wall.
    """
    with house.read() as session:
        coming = session.scalar(select(func.coalesce(func.sum(Upload.size), 0)).where(Upload.bucket_id == bucket.id))
    used, limit = bucket.bytes + int(coming or 0), bucket.quota_gib * GIB
    if used + size > limit:
        raise QuotaExceeded("bucket.full", id=bucket.name, limit=limit, used=used, asked=size)


def arrived(house: House, actor: Actor, id_: str, key: str, size: int) -> None:
    """It is on record, and counts at once; the next count of the whole bucket puts the figure right."""
    with house.write(actor, "bucket.upload", "bucket") as unit:
        unit.about("bucket", unit.session.get_one(Bucket, id_), key=key, size=size)
        more = {"bytes": Bucket.bytes + size, "objects": Bucket.objects + 1}
        unit.session.execute(update(Bucket).where(Bucket.id == id_).values(more))
