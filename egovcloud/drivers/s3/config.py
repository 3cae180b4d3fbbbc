"""What the driver must be told about an endpoint. No secret is kept here: keys lie in a file of profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from egovcloud.domain.errors import Permanent


@dataclass(frozen=True)
class EndpointConfig:
    """One S3 endpoint.

    ``endpoint`` is its URL, ``public_endpoint`` the one that temporary addresses name, where users reach it elsewhere.
    ``profile`` and ``profiles_file`` name the access key in a shared credentials file of AWS's form
    (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html); the file is readable by the service alone.
    ``iam`` states that the endpoint takes IAM calls (at ``iam_endpoint``, or the same address), so that keys of a
    bucket's own can be made. ``versioning`` and ``expiry`` false: this endpoint lacks them. ``authority`` is a file of
    certificates to trust.
    """

    endpoint: str
    region: str = "us-east-1"
    profile: str = "default"
    profiles_file: str | None = None
    public_endpoint: str | None = None
    path_style: bool = True
    iam: bool = False
    iam_endpoint: str | None = None
    versioning: bool = True
    expiry: bool = True
    authority: str | None = None

    @classmethod
    def of(cls, provider: Mapping[str, Any]) -> EndpointConfig:
        """Out of a provider's stored configuration; ``Permanent("store.config")`` names what is wrong with it."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(provider) - known)
        if unknown or not isinstance(provider.get("endpoint"), str):
            detail = f"unknown: {', '.join(unknown)}" if unknown else "endpoint is missing"
            raise Permanent("store.config", detail=detail)
        return cls(**provider)
