"""The audit trail of the year: who signed in, and what they did then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from egovcloud.cli.local.demo.city import City, Row
from egovcloud.cli.local.demo.days import HERE

SLIPS = 0.06  # of sign-ins begin with a wrong password


def did(
    city: City,
    at: datetime,
    user: Row,
    action: str,
    subject_type: str,
    row: Row,
    *,
    name: str = "",
    code: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """``user`` did ``action`` to ``row``; with a ``code`` it was refused. Nobody acts without having signed in."""
    _sign_in(city, at, user)
    department = row["id"] if subject_type == "department" else row.get("department_id")
    name = name or str(row.get("name") or row.get("title") or row.get("username") or "")
    _entry(city, at, user, action, subject_type, row["id"], name, department, code, data or {})


def _sign_in(city: City, at: datetime, user: Row) -> None:
    day = (user["id"], at.astimezone(HERE).date().isoformat())
    if day in city.signed_in:
        return
    city.signed_in.add(day)
    came = at - city.draw.span(60, 900)
    subject = (user["id"], user["username"], user["department_id"])
    if city.draw.chance(SLIPS):
        before = came - city.draw.span(8, 40)
        _entry(city, before, None, "session.create", "user", *subject, "auth.failed", {}, user)
    _entry(city, came, None, "session.create", "user", *subject, "", {}, user)
    if user["last_login_at"] is None or user["last_login_at"] < came:
        user["last_login_at"] = came


def _entry(
    city: City,
    at: datetime,
    actor: Row | None,
    action: str,
    subject_type: str,
    subject_id: str,
    subject_name: str,
    department_id: str | None,
    code: str,
    data: dict[str, Any],
    caller: Row | None = None,
) -> None:
    who = actor or caller
    assert who is not None
    city.add(
        "audit_entries",
        {
            "id": city.draw.id(at),
            "at": at,
            "actor_id": actor["id"] if actor else None,
            "actor_name": who["username"],
            "department_id": department_id,
            "action": action,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "subject_name": subject_name[:200],
            "outcome": "failure" if code else "success",
            "code": code,
            "address": address_of(who["username"]),
            "trace_id": city.draw.id(at - timedelta(milliseconds=3)),
            "data": data,
        },
    )


def address_of(username: str) -> str:
    """Everybody sits at a desk of their own."""
    number = sum(ord(letter) * (place + 7) for place, letter in enumerate(username))
    return f"10.20.{number % 50 + 1}.{number // 50 % 250 + 2}"
