"""Toys on a database of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from egovcloud.store.database import Database
from tests.unit.engine.toys import Toys, install


@pytest.fixture
def toys(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toys]:
    """The engine with a registry of this test's own; what it logs is kept, not written."""
    with capture_logs():
        yield install(Toys(database), monkeypatch)
