"""What an installation needs before anybody can sign in: its id, the root of the tree, the first chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from egovcloud.domain.ids import new_id
from egovcloud.services.access import actor_of
from egovcloud.services.actor import SYSTEM, Actor
from egovcloud.services.house import House
from egovcloud.store.database import Database
from egovcloud.store.journal import emit
from egovcloud.store.ledger import open_account
from egovcloud.store.models import ApprovalLevel, Department, Host, Provider, Request, Setting, User

# Department, then centre, until the centre decides otherwise.
FIRST_CHAIN = ((1, "bureau"), (2, "centre"))


def identity(database: Database) -> str:
    """The id that every marker in every cloud bears; made once, whoever asks first."""
    with database.read() as session:
        found = session.get(Setting, "installation")
    if found is not None:
        return found.value
    try:
        with database.unit() as session:
            session.add(Setting(key="installation", value=new_id()))
    except IntegrityError:
        pass  # somebody else was first; theirs holds
    with database.read() as session:
        return session.get_one(Setting, "installation").value


def found(house: House, *, code: str, name: str) -> str:
    """The id of the tree's root, which is made with the first approval chain when there is none yet."""
    with house.read() as session:
        root = session.scalar(select(Department.id).where(Department.parent_id.is_(None)))
    if root is not None:
        return root
    with house.write(SYSTEM, "department.create", "department") as unit:
        city = Department(code=code, name=name, kind="city", path=f"/{code}/", created_at=unit.now, updated_at=unit.now)
        unit.session.add(city)
        unit.session.flush()
        unit.about("department", city)
        open_account(unit.session, city.id)
        for position, level in FIRST_CHAIN:
            unit.session.add(ApprovalLevel(position=position, level=level))
        emit(unit.session, unit.now, "department.create", "department", city.id, department_id=city.id)
        return city.id


def department_id(house: House, code: str | None) -> str:
    """Id of the department with this code; ``None`` is the root."""
    with house.read() as session:
        wanted = Department.code == code if code is not None else Department.parent_id.is_(None)
        return session.scalars(select(Department.id).where(wanted)).one()


def departments(house: House) -> dict[str, str]:
    """Ids by code of the whole tree."""
    with house.read() as session:
        return {row.code: row.id for row in session.scalars(select(Department))}


def usernames(house: House) -> set[str]:
    """Every account there is."""
    with house.read() as session:
        return set(session.scalars(select(User.username)))


def stand_in(house: House, username: str) -> Actor:
    """This person, for work that local administration does in their name; it may make tokens and must revoke them."""
    with house.read() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        actor = actor_of(session, user, address="127.0.0.1", trace_id="local", scope=None)
    return replace(actor, must_change_password=False, session_id="local")


def configured(house: House, driver: str) -> Provider | None:
    """The first provider of this kind."""
    with house.read() as session:
        return session.scalars(select(Provider).where(Provider.driver == driver).order_by(Provider.id)).first()


def looked_at(house: House, *, since: datetime) -> bool:
    """Whether the reconcile loop has seen every host since then, and there is one."""
    with house.read() as session:
        seen = list(session.scalars(select(Host.seen_at)))
    return bool(seen) and all(at is not None and at >= since for at in seen)


def request_titled(house: House, title: str) -> str | None:
    """A request of this title that was submitted and not withdrawn."""
    with house.read() as session:
        wanted = select(Request.id).where(Request.title == title, Request.state.not_in(("draft", "withdrawn")))
        return session.scalars(wanted).first()
