"""Every kind of operation, one module a noun; ``REGISTRY`` is all of them."""

from egovcloud.engine.kinds import Registry
from egovcloud.engine.operations import (
    adoption,
    drift,
    host,
    image,
    instance,
    network,
    provider,
    request,
    security_group,
    snapshot,
    volume,
)

REGISTRY = Registry()
for module in (
    instance,
    volume,
    adoption,
    snapshot,
    security_group,
    network,
    image,
    request,
    host,
    provider,
    drift,
):
    REGISTRY.add(*module.KINDS)

__all__ = ["REGISTRY"]
