"""Single-use tokens for screens: at most 30 s old, bound to user, instance and session."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from egovcloud.domain.errors import Forbidden
from egovcloud.domain.ids import new_id
from egovcloud.drivers.base import Screen
from egovcloud.engine.providers import Providers
from egovcloud.services.actor import Actor
from egovcloud.services.house import House, visible
from egovcloud.services.instance import screen_endpoint
from egovcloud.services.session import alive
from egovcloud.settings import Settings
from egovcloud.store.models import IdempotencyKey, Instance

PURPOSE = "screen"


@dataclass(frozen=True)
class Ticket:
    """Where a browser finds the screen, until when, and the password that the VNC server wants, if any."""

    token: str
    expires_at: datetime
    password: str | None


def issue(house: House, settings: Settings, drivers: Providers, actor: Actor, instance_id: str) -> Ticket:
    """A ticket for the screen of an instance; the cloud is asked first, so that a ticket is never for nothing."""
    if actor.session_id is None:
        raise Forbidden("auth.token_only_session")
    screen = screen_endpoint(house, drivers, actor, instance_id)
    expires_at = house.clock() + timedelta(seconds=settings.screen_token_lifetime)
    claims = {
        "nonce": new_id(),
        "user": actor.user_id,
        "session": actor.session_id,
        "instance": instance_id,
        "until": expires_at.isoformat(),
    }
    with house.write(actor, "instance.screen", "instance") as unit:
        unit.about("instance", visible(unit.session, actor, "instance:screen", Instance, instance_id))
    sealed = house.cipher.seal(json.dumps(claims), PURPOSE)
    return Ticket(base64.urlsafe_b64encode(sealed).decode().rstrip("="), expires_at, screen.password)


def redeem(
    house: House, settings: Settings, drivers: Providers, token: str, session_id: str | None
) -> tuple[Screen, Actor]:
    """The screen's place for the server alone, once; ``Forbidden("screen.token")`` for every other token."""
    refused = Forbidden("screen.token")
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        claims = json.loads(house.cipher.open(sealed, PURPOSE))
    except Exception:
        raise refused from None
    now = house.clock()
    if datetime.fromisoformat(claims["until"]) <= now or claims["session"] != session_id:
        raise refused
    found = alive(house, settings, claims["session"])
    if found is None or found[0].user_id != claims["user"]:
        raise refused
    _spend(house, claims["user"], claims["nonce"], now)
    actor = found[0].actor
    return screen_endpoint(house, drivers, actor, claims["instance"]), actor


def _spend(house: House, user_id: str, nonce: str, now: datetime) -> None:
    """Whoever writes the row first has the screen, in whichever process."""
    try:
        with house.database.unit() as session:
            session.add(
                IdempotencyKey(
                    actor_id=user_id,
                    key=f"screen {nonce}",  # a blank keeps it apart from every key that a header can carry
                    fingerprint="",
                    status=0,
                    headers={},
                    body="",
                    created_at=now,
                )
            )
    except IntegrityError:
        raise Forbidden("screen.token") from None
