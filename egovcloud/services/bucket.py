"""What people do to buckets: create, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from egovcloud.domain.clouds import OBJECTS
from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.domain.quota import bucket_amount, object_amount
from egovcloud.drivers.objects import MAX_KEY_BYTES
from egovcloud.engine.enqueue import enqueue
from egovcloud.engine.operations.bucket import GIB, SETTINGS, settings_of
from egovcloud.engine.providers import Providers
from egovcloud.services import bucket_content, provisioning, rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit, visible
from egovcloud.services.instance import confirmed
from egovcloud.store import ledger
from egovcloud.store.journal import emit, transition
from egovcloud.store.models import Bucket, Operation, Provider

QUOTA_GIB = (1, 1_048_576)
EXPIRE_DAYS = (1, 36_500)


def create(
    house: House,
    actor: Actor,
    *,
    name: str,
    project_id: str,
    quota_gib: int,
    application_id: str | None = None,
    provider_id: str | None = None,
    versioning: bool = False,
    expire_days: int | None = None,
    expire_prefix: str = "",
) -> Operation:
    """A bucket of a project, within the quota of its department and of every one above."""
    with house.write(actor, "bucket.create", "bucket") as unit:
        session = unit.session
        project = provisioning.project_for(session, actor, project_id)
        unit.about("bucket", project, name)
        unit.require("bucket:create", project.department_id)
        owner = provisioning.owner_of(session, project, application_id, None, actor.user_id)
        settings = {
            "name": name,
            "quota_gib": quota_gib,
            "versioning": versioning,
            "expire_days": expire_days,
            "expire_prefix": expire_prefix,
        }
        asked = wanted(session, {**settings, "provider_id": provider_id})
        bucket, operation = provision(session, owner, asked, now=unit.now)
        unit.about("bucket", bucket, quota_gib=quota_gib)
        return operation


def wanted(session: Session, asked: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings within their limits and the endpoint that can have them; ``prefix`` is where they stand in a body."""
    settings = _checked({name: asked[name] for name in SETTINGS}, prefix)
    store = _store(session, asked["provider_id"], prefix)
    _able(store, settings, prefix=prefix)
    return {**settings, "provider_id": store.id}


def provision(
    session: Session,
    owner: provisioning.Owner,
    settings: Mapping[str, Any],
    *,
    now: datetime,
    parent_id: str | None = None,
) -> tuple[Bucket, Operation]:
    """Row, quota reservation and operation of what ``wanted`` returned; nothing is called yet."""
    bucket = Bucket(
        id=new_id(),
        created_at=now,
        updated_at=now,
        department_id=owner.project.department_id,
        project_id=owner.project.id,
        application_id=owner.application.id if owner.application else None,
        request_id=owner.request_id,
        provider_id=settings["provider_id"],
        search=settings["name"].lower(),
        **{name: settings[name] for name in SETTINGS},
    )
    session.add(bucket)
    session.flush()
    subject, amount = ("bucket", bucket.id), bucket_amount(bucket.quota_gib)
    ledger.reserve(session, bucket.department_id, amount, key=bucket.id, subject=subject, now=now)
    emit(session, now, "bucket.create", "bucket", bucket.id, department_id=bucket.department_id)
    operation = enqueue(
        session,
        "bucket.create",
        bucket.id,
        now=now,
        department_id=bucket.department_id,
        requested_by=owner.user_id,
        parent_id=parent_id,
    )
    return bucket, operation


def update(house: House, actor: Actor, id_: str, **changes: Any) -> Operation:
    """Other settings; a larger quota is reserved in the tree first, a smaller one must still hold what is there."""
    with house.write(actor, "bucket.update", "bucket") as unit:
        bucket = _mine(unit, "bucket:update", id_)
        before = settings_of(bucket)
        if changes.get("expire_days", 0) is None:
            changes["expire_prefix"] = ""
        after = _checked({**before, **changes})
        unit.data["changed"] = sorted(name for name, value in after.items() if value != before[name])
        store = unit.session.get_one(Provider, bucket.provider_id)
        _able(store, after, before)
        if after["quota_gib"] * GIB < bucket.bytes and after["quota_gib"] < bucket.quota_gib:
            used = -(-bucket.bytes // GIB)
            raise Conflict(
                "bucket.smaller_than_used",
                field="quota_gib",
                name=bucket.name,
                used_gib=used,
                quota_gib=after["quota_gib"],
            )
        operation = _enqueue(unit, bucket, "bucket.update", {"wanted": after})
        more = after["quota_gib"] - bucket.quota_gib
        if more > 0:
            subject = ("bucket", bucket.id)
            amount = object_amount(more)
            ledger.reserve(unit.session, bucket.department_id, amount, key=operation.id, subject=subject, now=unit.now)
        transition(unit.session, bucket, "update", now=unit.now, operation_id=operation.id)
        return operation


def delete(
    house: House, providers: Providers, actor: Actor, id_: str, *, confirm: str | None, contents: str | None = None
) -> Operation:
    """By name; what it still holds goes with it only when ``contents`` says the name a second time."""
    holds = contents is None and bucket_content.holds_anything(house, providers, actor, id_)
    with house.write(actor, "bucket.delete", "bucket") as unit:
        bucket = _mine(unit, "bucket:delete", id_)
        if contents is not None and contents != bucket.name:
            raise Conflict("confirm.required", field="contents", name=bucket.name)
        confirmed(bucket.name, confirm)
        if holds:
            raise Conflict("bucket.not_empty", field="contents", id=bucket.name)
        unit.data["contents"] = contents is not None
        operation = _enqueue(unit, bucket, "bucket.delete", {"contents": contents is not None})
        transition(unit.session, bucket, "delete", now=unit.now, operation_id=operation.id)
        return operation


def _mine(unit: Unit, permission: str, id_: str) -> Bucket:
    bucket = visible(unit.session, unit.actor, "bucket:read", Bucket, id_, lock=True)
    unit.about("bucket", bucket)
    unit.require(permission, bucket.department_id)
    return bucket


def _checked(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The settings, each within its limits."""
    rules.within(settings["quota_gib"], f"{prefix}quota_gib", *QUOTA_GIB)
    below = settings["expire_prefix"]
    if settings["expire_days"] is not None:
        rules.within(settings["expire_days"], f"{prefix}expire_days", *EXPIRE_DAYS)
    elif below:
        raise Invalid("bucket.expiry", field=f"{prefix}expire_prefix")
    if below and (not rules.seen(below) or len(below.encode()) > MAX_KEY_BYTES):
        raise Invalid("input.name", field=f"{prefix}expire_prefix", name="expire_prefix", maximum=MAX_KEY_BYTES)
    return {**settings, "name": rules.name(settings["name"], f"{prefix}name")}


def _store(session: Session, provider_id: str | None, prefix: str = "") -> Provider:
    """The endpoint that is named, or the only one."""
    rows = session.scalars(
        select(Provider).where(Provider.enabled.is_(True), Provider.driver.in_(OBJECTS)).order_by(Provider.name)
    ).all()
    if provider_id is not None:
        rows = [row for row in rows if row.id == provider_id]
        if not rows:
            raise Invalid("input.reference", field=f"{prefix}provider_id", name="provider_id", id=provider_id)
    if not rows:
        raise Conflict("bucket.no_store")
    if len(rows) > 1:
        raise Invalid("bucket.which_store", field=f"{prefix}provider_id", names=", ".join(row.name for row in rows))
    return rows[0]


def _able(store: Provider, settings: dict[str, Any], before: dict[str, Any] | None = None, *, prefix: str = "") -> None:
    """``Invalid`` for a setting that the endpoint, as it was last looked at, does not know."""
    if store.checked_at is None:
        return
    known = before or {"versioning": False, "expire_days": None}
    for field, capability in (("versioning", "bucket_versioning"), ("expire_days", "bucket_expiry")):
        if settings[field] and settings[field] != known[field] and capability not in store.capabilities:
            raise Invalid("driver.unsupported", field=f"{prefix}{field}", capability=capability)


def _enqueue(unit: Unit, bucket: Bucket, kind: str, params: dict[str, Any] | None = None) -> Operation:
    return enqueue(
        unit.session,
        kind,
        bucket.id,
        now=unit.now,
        department_id=bucket.department_id,
        params=params,
        requested_by=unit.actor.user_id,
    )
