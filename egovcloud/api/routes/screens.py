"""The way to an instance's screen (VNC in the browser)."""

from __future__ import annotations

from datetime import datetime

from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Answer
from egovcloud.services import screen as service

routes = Routes("screens")


class ScreenTicket(Answer):
    """``url`` is a WebSocket (RFB, subprotocol ``binary``) that opens once, before ``expires_at``."""

    url: str
    expires_at: datetime
    password: str | None


# Never repeated: the address is good for one use, and asking the cloud must not hold a transaction.
@routes.post("/instances/<instance_id>/screen", permission="instance:screen", once=False)
def open_screen(call: Call, instance_id: str) -> ScreenTicket:
    """Get a single-use address of the screen; only in a browser session."""
    ticket = service.issue(call.house, call.settings, call.drivers, call.actor, instance_id)
    return ScreenTicket(url=f"/screen/{ticket.token}", expires_at=ticket.expires_at, password=ticket.password)
