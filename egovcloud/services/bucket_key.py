"""Access keys of a bucket: made at once, since the secret is told to the one who asked and to nobody after.

The row stands before the endpoint is called. Whatever breaks off afterwards leaves a row in ``creating`` or a key
without a row, and the count of the provider's buckets finds and ends both: there is no key that nobody knows of.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, NotFound, Problem, Unsupported
from egovcloud.domain.ids import new_id
from egovcloud.drivers.objects import AccessKey, ObjectCapability, ObjectStore
from egovcloud.engine.operations.bucket_key import MAKING, end, start_deletion
from egovcloud.engine.providers import Providers
from egovcloud.services import rules
from egovcloud.services.actor import Actor
from egovcloud.services.failure import failure, sees_hosts
from egovcloud.services.house import House, Unit, require, visible
from egovcloud.services.refs import Refs, View, entity
from egovcloud.store.journal import emit, transition
from egovcloud.store.models import Bucket, BucketKey, Operation, Provider, User

MOST = 10  # of one bucket
FIELDS = "name writes state access_key_id".split()


def create(
    house: House, providers: Providers, actor: Actor, bucket_id: str, *, name: str, writes: bool
) -> tuple[View, str]:
    """A key for this bucket alone, and its secret, which is kept nowhere: whoever loses it makes another key."""
    name = rules.name(name)
    with house.write(actor, "bucket_key.create", "bucket_key") as unit:
        bucket = _bucket(unit, bucket_id, name)
        unit.require("bucket_key:create", bucket.department_id)
        unit.require("bucket:upload" if writes else "bucket:download", bucket.department_id)
        store = _able(unit.session, providers, bucket)
        key = _enter(unit, bucket, name, writes)
        unit.about("bucket_key", key, bucket_id=bucket.id, bucket=bucket.name, writes=writes)
        id_, generation = key.id, key.generation
    try:
        made = store.create_key(bucket_id, id_, writes=writes, within=MAKING)
        _made(house, id_, generation, made)
    except Problem:
        # The endpoint may have made it, or a part of it, or may be about to.
        _give_up(house, id_)
        raise
    with house.read() as session:
        return _views(session, actor, [session.get_one(BucketKey, id_)])[0], made.secret


def delete(house: House, actor: Actor, bucket_id: str, key_id: str) -> Operation:
    """End it, however long the endpoint takes to answer."""
    with house.write(actor, "bucket_key.delete", "bucket_key") as unit:
        bucket = _bucket(unit, bucket_id, "")
        key = unit.session.get(BucketKey, key_id, with_for_update=True, populate_existing=True)
        if key is None or key.bucket_id != bucket_id or key.state == "deleted":
            raise NotFound("thing.absent", noun="bucket_keys", id=key_id)
        unit.about("bucket_key", key, bucket_id=bucket.id, bucket=bucket.name)
        unit.require("bucket_key:delete", bucket.department_id)
        return start_deletion(unit.session, key, now=unit.now, requested_by=actor.user_id)


def listed(house: House, providers: Providers, actor: Actor, bucket_id: str) -> View:
    """The keys of a bucket, oldest first, and where programs take them to."""
    with house.read() as session:
        bucket = visible(session, actor, "bucket:read", Bucket, bucket_id)
        require(session, actor, "bucket_key:read", bucket.department_id)
        items = _views(session, actor, _live(session, bucket_id))
        provider = session.get(Provider, bucket.provider_id) if bucket.provider_id else None
    return {"items": items, "limit": MOST, "access": _access(providers, provider, bucket)}


def _access(providers: Providers, provider: Provider | None, bucket: Bucket) -> View | None:
    """What a program must be told beside its key; ``None`` where nobody but us reaches the endpoint."""
    try:
        address = providers.store(provider).address if provider is not None else None
    except Problem:  # switched off, or its configuration is broken: whoever looks after it is told elsewhere
        return None
    if address is None or bucket.external_id is None:
        return None
    return {
        "endpoint": address.endpoint,
        "region": address.region,
        "path_style": address.path_style,
        "bucket": bucket.external_id,
    }


def _bucket(unit: Unit, bucket_id: str, name: str) -> Bucket:
    """Locked, so that two askers together stay below the limit, and none gets a key of a bucket on its way out."""
    bucket = visible(unit.session, unit.actor, "bucket:read", Bucket, bucket_id, lock=True)
    unit.department_id = bucket.department_id
    unit.subject_name = name
    unit.data.update(bucket_id=bucket.id, bucket=bucket.name)
    return bucket


def _able(session: Session, providers: Providers, bucket: Bucket) -> ObjectStore:
    if bucket.state not in ("available", "updating") or bucket.provider_id is None:
        raise Conflict("bucket.not_ready", name=bucket.name, state=bucket.state)
    provider = session.get_one(Provider, bucket.provider_id)
    store = providers.store(provider)
    if ObjectCapability.BUCKET_ACCESS_KEY not in store.capabilities:
        raise Unsupported("bucket.no_keys", store=provider.name)
    return store


def _live(session: Session, bucket_id: str) -> Sequence[BucketKey]:
    mine = select(BucketKey).where(BucketKey.bucket_id == bucket_id, BucketKey.state != "deleted")
    return session.scalars(mine.order_by(BucketKey.id)).all()


def _enter(unit: Unit, bucket: Bucket, name: str, writes: bool) -> BucketKey:
    there = _live(unit.session, bucket.id)
    if len(there) >= MOST:
        raise Conflict("bucket_key.many", name=bucket.name, limit=MOST)
    if any(one.name == name for one in there):
        raise Conflict("bucket_key.exists", field="name", bucket=bucket.name, name=name)
    key = BucketKey(
        id=new_id(),
        created_at=unit.now,
        updated_at=unit.now,
        bucket_id=bucket.id,
        department_id=bucket.department_id,
        name=name,
        writes=writes,
        created_by=unit.actor.user_id,
    )
    unit.session.add(key)
    unit.session.flush()
    emit(unit.session, unit.now, "bucket_key.create", "bucket_key", key.id, department_id=key.department_id)
    return key


def _made(house: House, id_: str, generation: int, made: AccessKey) -> None:
    """``Conflict`` when the row moved meanwhile: the key was revoked, or given up, before it was told to anybody."""
    with house.database.unit() as session:
        key = session.get(BucketKey, id_, with_for_update=True, populate_existing=True)
        if key is None or key.state != "creating" or key.generation != generation:
            raise Conflict("bucket_key.overtaken", name=key.name if key else id_)
        transition(session, key, "ready", now=house.clock(), access_key_id=made.id)


def _give_up(house: House, id_: str) -> None:
    """Ended at the endpoint by an operation, which goes on when this process does not."""
    with house.database.unit() as session:
        key = session.get_one(BucketKey, id_, with_for_update=True, populate_existing=True)
        begin = start_deletion if key.state == "creating" else end
        begin(session, key, now=house.clock(), requested_by=key.created_by)
    house.wake()


def _views(session: Session, actor: Actor, rows: Sequence[BucketKey]) -> list[View]:
    refs = Refs(session, {User: [row.created_by for row in rows]})
    open_ = sees_hosts(session, actor)
    return [
        {
            **entity(row, *FIELDS),
            "created_by": refs.ref(User, row.created_by),
            "error": failure(row.error, actor, open_=open_),
        }
        for row in rows
    ]
