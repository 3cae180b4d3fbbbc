"""Accounts: people with names, in every department that asks or decides."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from egovcloud.cli.local.demo.city import City, Row
from egovcloud.cli.local.demo.data.people import GIVEN, SIGN_INS, SURNAMES
from egovcloud.cli.local.demo.data.systems import DISTRICT, NAMED

NO_PASSWORD = "!"  # noqa: S105 - no argon2 hash, so that nobody can sign in until a password is given


def settle(city: City, at: datetime) -> None:
    """The people whom the command introduces first, then everyone else."""
    for username, display_name, code, roles, _ in SIGN_INS:
        add(city, at, username, display_name, code, roles)
    operator, sysadmin, centre, minzheng, lead, *_ = (city.users[entry[0]] for entry in SIGN_INS)
    city.operators.append(operator)
    city.members["mzj"] = [minzheng]
    city.approvers[city.departments["mzj"]["id"]] = lead
    city.approvers[city.departments["sz"]["id"]] = centre
    for _ in range(4):
        city.operators.append(person(city, at, "dsj-ypt", (("operator", "sz"),), "运维"))
    person(city, at, "dsj-aqc", (("security_admin", "sz"),), "安全管理员")
    owners = {system.owner.partition("/")[0] for system in NAMED}
    for code, row in list(city.departments.items()):
        if row["kind"] == "bureau" and not _is_district_bureau(city, row):
            count = 2 if code in owners else 1
            city.members.setdefault(code, [])
            while len(city.members[code]) < count:
                city.members[code].append(person(city, at, f"{code}-xxk", (("member", code),), "信息科"))
            _approver(city, at, row, "分管领导")
    for owner in sorted({system.owner for system in NAMED if "/" in system.owner}):
        _approver(city, at, city.departments[owner.replace("/", "-")], "负责人")
    for code, row in list(city.departments.items()):
        if row["kind"] == "district":
            _approver(city, at, row, "区分管领导")
            for bureau in sorted({entry[0] for entry in DISTRICT}):
                joined = f"{code}-{bureau}"
                city.members[joined] = [person(city, at, joined, (("member", joined),), "经办")]
                _approver(city, at, city.departments[joined], "负责人")
    del sysadmin


def _is_district_bureau(city: City, row: Row) -> bool:
    return bool(row["path"].count("/") > 3)


def _approver(city: City, at: datetime, row: Row, title: str) -> None:
    if row["id"] not in city.approvers:
        city.approvers[row["id"]] = person(city, at, row["code"], (("department_approver", row["code"]),), title)


def person(city: City, at: datetime, code: str, roles: Sequence[tuple[str, str]], title: str) -> Row:
    """Somebody new."""
    surname, spelled = city.draw.choice(SURNAMES)
    given, sounded = city.draw.choice(GIVEN)
    base, turn = spelled + sounded, 1
    username = base
    while username in city.users:
        turn += 1
        username = f"{base}{turn}"
    return add(city, at, username, f"{surname}{given}（{title}）", code, roles)


def add(city: City, at: datetime, username: str, display_name: str, code: str, roles: Sequence[tuple[str, str]]) -> Row:
    """One account with its roles; it has no password yet."""
    user = city.entity(
        "users",
        at,
        username=username,
        display_name=display_name,
        department_id=city.departments[code]["id"],
        language="zh",
        state="active",
        password_hash=NO_PASSWORD,
        must_change_password=True,
        failed_logins=0,
        locked_until=None,
        last_login_at=None,
    )
    city.users[username] = user
    for role, where in roles:
        city.entity("grants", at, user_id=user["id"], role=role, department_id=city.departments[where]["id"])
    if any(role in ("member", "operator") for role, _ in roles):
        _key(city, at + timedelta(days=1), user)
    return user


def _key(city: City, at: datetime, user: Row) -> None:
    """An Ed25519 public key (RFC 8709) whose private half never existed."""
    blob = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + city.draw.randbytes(32)
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    city.keys[user["id"]] = city.entity(
        "ssh_keys",
        at,
        user_id=user["id"],
        name=f"{user['username']}@工作站",
        public_key=f"ssh-ed25519 {base64.b64encode(blob).decode()}",
        fingerprint=f"SHA256:{digest}",
    )
