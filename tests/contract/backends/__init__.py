"""Backends of the contract suite: one module a backend, chosen by ``--driver NAME``.

A module ``tests/contract/backends/<name>.py`` gives:

* ``CAPABILITIES: frozenset[Capability]``: what the driver declares on this cloud. A test compares it with the driver,
  and the run fails when one of them was not proved by a test that passed.
* ``FEATURES: frozenset[str]``: the keys of ``tests.contract.adapter.FEATURES`` whose methods its ``Cloud`` fills.
  Tests that need another feature are not collected for it.
* ``unavailable() -> str | None``: why this machine cannot run it, or ``None``. It must be quick and change nothing.
  A backend of the default choice that is unavailable is left out; one that was asked for by name is an error.
* ``open_cloud(directory: pathlib.Path) -> contextlib.AbstractContextManager[Cloud]``: starts it (``directory`` is
  empty and its own), yields a filled ``tests.contract.adapter.Cloud``, and leaves nothing behind.

``Cloud.limit`` is the ``within`` of ordinary calls, ``Cloud.patience`` how long a guest may take; real guests need more
than the defaults. ``Cloud.image()`` must boot with ``vcpus``, ``memory_mib`` and ``disk_gib`` of the ``Cloud``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from egovcloud.drivers.base import Capability
from tests.contract.adapter import Cloud

DEFAULT = ("simulator", "libvirt_test")


class Backend(Protocol):
    """What a backend's module gives."""

    CAPABILITIES: frozenset[Capability]
    FEATURES: frozenset[str]

    def unavailable(self) -> str | None: ...

    def open_cloud(self, directory: Path) -> AbstractContextManager[Cloud]: ...


def find_backend(name: str) -> Backend | None:
    """The backend's module, or ``None`` when nobody has written it."""
    if not name.isidentifier() or find_spec(f"{__name__}.{name}") is None:
        return None
    return cast(Backend, import_module(f"{__name__}.{name}"))
