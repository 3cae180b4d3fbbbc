"""Whether this process can answer; what a load balancer asks."""

from __future__ import annotations

from egovcloud import __version__
from egovcloud.api.call import Call
from egovcloud.api.routing import Routes
from egovcloud.api.schemas import Health
from egovcloud.services import health as service

routes = Routes("health")


@routes.get("/health", public=True)
def show_health(call: Call) -> Health:
    """Whether the control plane and its database answer."""
    service.check(call.house)
    return Health(status="ok", version=__version__)
