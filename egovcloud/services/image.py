"""Images (镜像): what instances boot from. Files lie under the configured directories and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from egovcloud.domain.errors import Conflict, Invalid
from egovcloud.domain.ids import new_id
from egovcloud.engine.enqueue import enqueue
from egovcloud.services import department, rules
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, Unit
from egovcloud.services.listing import Listing, ListQuery, equals, subtree
from egovcloud.services.reading import Noun, ViewPage, find, given, read_one, read_page
from egovcloud.services.refs import Refs, View, entity, tally
from egovcloud.store.journal import emit, touch, transition
from egovcloud.store.models import Department, Image, Instance, Operation

SHA256 = re.compile(r"[0-9a-f]{64}")
LOGIN_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# What the boot loader hands to the kernel is printable ASCII on one line.
CMDLINE = re.compile(r"[\x20-\x7e]{0,500}")
FORMATS = ("qcow2", "raw")
FIRMWARE = ("bios", "uefi", "direct")
VISIBILITIES = ("public", "department")
PATH_LENGTH = 500

LISTING = Listing(
    Image,
    "image:read",
    department=Image.department_id,
    shared=True,
    search=func.lower(Image.name),
    sorts={"name": Image.name},
    filters={
        "state": equals(Image.state),
        "visibility": equals(Image.visibility),
        "firmware": equals(Image.firmware),
        "department_id": subtree(Image.department_id),
    },
)
FIELDS = "name state visibility format firmware sha256 size_bytes min_disk_gib source login_user".split()
PATHS = "disk kernel initrd cmdline".split()


def views(session: Session, actor: Actor, rows: Sequence[Image]) -> list[View]:
    """Images; where their files lie is for those who may change them."""
    refs = Refs(session, {Department: (row.department_id for row in rows)})
    uses = tally(session, Instance.image_id, *_in_use([row.id for row in rows])) if _counts(actor) else {}
    return [
        {
            **entity(row, *FIELDS),
            **{name: getattr(row, name) if actor.may_anywhere("image:update") else None for name in PATHS},
            "department": refs.ref(Department, row.department_id),
            "instances": uses.get(row.id, 0) if _counts(actor) else None,
        }
        for row in rows
    ]


def _counts(actor: Actor) -> bool:
    # How many machines the whole city runs from an image is not for everyone who may boot from it.
    return actor.may_anywhere("image:update")


def _in_use(ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (Instance.image_id.in_(ids), Instance.state != "deleted")


NOUN = Noun(LISTING, views, tombstones=True, inherited=True)


def page(house: House, actor: Actor, query: ListQuery) -> ViewPage:
    """One page of images."""
    return read_page(house, actor, NOUN, query)


def get(house: House, actor: Actor, id_: str) -> View:
    """One image."""
    return read_one(house, actor, NOUN, id_)


def create(
    house: House,
    actor: Actor,
    directories: Sequence[Path],
    *,
    name: str,
    disk: str,
    sha256: str,
    format: str = "qcow2",  # noqa: A002 - the image's own word
    firmware: str = "bios",
    kernel: str | None = None,
    initrd: str | None = None,
    cmdline: str | None = None,
    visibility: str = "public",
    department_id: str | None = None,
    min_disk_gib: int = 1,
    login_user: str = "root",
    source: str = "",
) -> View:
    """Register an image whose files already lie under one of ``directories``; nothing is copied or read yet."""
    with house.write(actor, "image.create", "image") as unit:
        session = unit.session
        unit.about("image", None, name)
        owner = _owner(session, actor, visibility, department_id)
        unit.department_id = owner
        unit.require("image:create", owner)
        name = rules.name(name)
        _check_boot(firmware, kernel, initrd, cmdline)
        for field, value, allowed in (("format", format, FORMATS), ("firmware", firmware, FIRMWARE)):
            if value not in allowed:
                raise Invalid("input.choice", field=field, name=field, allowed=", ".join(allowed))
        if not SHA256.fullmatch(sha256):
            raise Invalid("image.sha256", field="sha256")
        if not LOGIN_USER.fullmatch(login_user):
            raise Invalid("image.login_user", field="login_user")
        _free_name(session, name, owner)
        path = inside(disk, directories, "disk")
        row = Image(
            id=new_id(),
            created_at=unit.now,
            updated_at=unit.now,
            name=name,
            visibility=visibility,
            department_id=owner,
            format=format,
            firmware=firmware,
            disk=path,
            kernel=kernel and inside(kernel, directories, "kernel"),
            initrd=initrd and inside(initrd, directories, "initrd"),
            cmdline=cmdline,
            sha256=sha256,
            size_bytes=_size(path),
            min_disk_gib=rules.within(min_disk_gib, "min_disk_gib", 1, 16 * 1024),
            source=rules.text(source, "source", PATH_LENGTH),
            login_user=login_user,
        )
        session.add(row)
        session.flush()
        unit.about("image", row, sha256=sha256)
        emit(session, unit.now, "image.create", "image", row.id, department_id=row.department_id)
        return views(session, actor, [row])[0]


def rename(house: House, actor: Actor, id_: str, *, name: str) -> View:
    """Another name."""
    with house.write(actor, "image.update", "image") as unit:
        row = _changing(unit, actor, id_, "image:update")
        name = rules.name(name)
        _free_name(unit.session, name, row.department_id, row.id)
        touch(unit.session, row, now=unit.now, name=name)
        emit(unit.session, unit.now, "image.update", "image", row.id, department_id=row.department_id)
        return views(unit.session, actor, [row])[0]


def retire(house: House, actor: Actor, id_: str) -> View:
    """Offer it no more; instances that boot from it are left alone."""
    return _move(house, actor, id_, "retire")


def restore(house: House, actor: Actor, id_: str) -> View:
    """Offer a retired image again."""
    return _move(house, actor, id_, "restore")


def delete(house: House, actor: Actor, id_: str) -> Operation:
    """Remove its copies from every host; ``Conflict`` counts the instances that still stand on it."""
    with house.write(actor, "image.delete", "image") as unit:
        row = _changing(unit, actor, id_, "image:delete")
        count = unit.session.scalar(select(func.count()).select_from(Instance).where(*_in_use([row.id]))) or 0
        if count:
            raise Conflict("image.used", image=row.name, count=count)
        transition(unit.session, row, "delete", now=unit.now)
        return enqueue(
            unit.session,
            "image.delete",
            row.id,
            now=unit.now,
            department_id=row.department_id,
            requested_by=actor.user_id,
        )


def inside(path: str, directories: Sequence[Path], field: str) -> str:
    """``path`` when it is plain, absolute and under one of ``directories``; a way around is refused, not followed."""
    pure = PurePosixPath(path)
    plain = path.startswith("/") and str(pure) == path and ".." not in pure.parts and len(path) <= PATH_LENGTH
    homes = [PurePosixPath(directory) for directory in directories]
    if not plain or not rules.seen(path) or not any(home in pure.parents for home in homes):
        raise Invalid("image.path", field=field, name=field, directories=", ".join(str(home) for home in homes))
    # A link that is there must not lead out either; on another machine than the worker's there is nothing to see.
    real = Path(path).resolve()
    if not any(Path(home).resolve() in real.parents for home in homes):
        raise Invalid("image.path", field=field, name=field, directories=", ".join(str(home) for home in homes))
    return path


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _owner(session: Session, actor: Actor, visibility: str, department_id: str | None) -> str | None:
    if visibility not in VISIBILITIES:
        raise Invalid("input.choice", field="visibility", name="visibility", allowed=", ".join(VISIBILITIES))
    if (department_id is not None) != (visibility == "department"):
        raise Invalid("image.department", field="department_id")
    return None if department_id is None else given(session, actor, department.NOUN, department_id, "department_id").id


def _free_name(session: Session, name: str, owner: str | None, id_: str = "") -> None:
    mine = Image.department_id.is_(None) if owner is None else Image.department_id == owner
    rules.free(session, Image.name == name, Image.state != "deleted", Image.id != id_, mine, name=name)


def _check_boot(firmware: str, kernel: str | None, initrd: str | None, cmdline: str | None) -> None:
    if firmware == "direct" and not kernel:
        raise Invalid("image.kernel", field="kernel")
    if firmware != "direct" and (kernel or initrd or cmdline):
        raise Invalid("image.no_kernel", field="kernel" if kernel else "initrd" if initrd else "cmdline")
    if cmdline is not None and not CMDLINE.fullmatch(cmdline):
        raise Invalid("image.cmdline", field="cmdline")


def _changing(unit: Unit, actor: Actor, id_: str, permission: str) -> Image:
    row = find(unit.session, actor, NOUN, id_)
    unit.about("image", row)
    unit.require(permission, row.department_id)
    return row


def _move(house: House, actor: Actor, id_: str, event: str) -> View:
    with house.write(actor, f"image.{event}", "image") as unit:
        row = _changing(unit, actor, id_, "image:update")
        transition(unit.session, row, event, now=unit.now)
        return views(unit.session, actor, [row])[0]
