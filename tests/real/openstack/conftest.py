"""These tests need the bed: they are collected while it runs (``python -m tests.real.openstack start``, or ``run``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.openstack.bed import Bed
from tests.real.openstack.layout import Layout
from tests.real.openstack.through import Way, proxied

collect_ignore_glob = [] if Bed().running() else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: it waits more than it works, and the others go on beside it."""
    items.sort(key=lambda item: item.path.name != "test_independent.py")


@pytest.fixture(scope="session")
def layout() -> Layout:
    return Layout().open()


@pytest.fixture
def way(layout: Layout, tmp_path: Path) -> Iterator[Way]:
    """The driver's way to the services, through proxies that fail when they are told to."""
    with proxied(layout, tmp_path) as way:
        yield way
