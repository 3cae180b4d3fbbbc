"""Backends: one module each, chosen by ``--store NAME``.

A module gives ``CAPABILITIES`` (what its store declares; each has to be proved by a test that passes) and
``open_endpoint(directory)``, a context manager that starts it, yields an ``adapter.Endpoint`` and leaves nothing
behind. One that cannot start fails: nothing is skipped.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from egovcloud.drivers.objects import ObjectCapability
from tests.contract_objects.adapter import Endpoint

DEFAULT = ("simulator", "s3")


class Backend(Protocol):
    """What a backend's module gives."""

    CAPABILITIES: frozenset[ObjectCapability]

    def open_endpoint(self, directory: Path) -> AbstractContextManager[Endpoint]: ...


def backend(name: str) -> Backend:
    """The backend's module."""
    return cast(Backend, import_module(f"{__name__}.{name}"))
