"""Stories are told over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.store.database import Database
from tests.support.centre import Centre
from tests.support.town import Town, build


@pytest.fixture
def centre(database_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A centre with nothing but its root department."""
    with Centre(database_url, tmp_path / "state") as made:
        yield made


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """Two bureaus, the centre, one host, and people in all of them."""
    return build(database, tmp_path / "town")
