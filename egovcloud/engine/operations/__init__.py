"""Every kind of operation, one module a noun; ``REGISTRY`` is all of them."""

from egovcloud.engine.kinds import Registry
from egovcloud.engine.operations import (
    adoption,
    bucket,
    bucket_key,
    drift,
    floating_address,
    host,
    image,
    instance,
    network,
    provider,
    provider_meter,
    request,
    security_group,
    snapshot,
    volume,
    volume_copy,
    volume_snapshot,
)

REGISTRY = Registry()
for module in (
    instance,
    volume,
    volume_copy,
    volume_snapshot,
    adoption,
    snapshot,
    security_group,
    network,
    floating_address,
    image,
    bucket,
    bucket_key,
    request,
    host,
    provider,
    provider_meter,
    drift,
):
    REGISTRY.add(*module.KINDS)

__all__ = ["REGISTRY"]
