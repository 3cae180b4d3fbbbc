"""Stories are told over HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.centre import Centre


@pytest.fixture
def centre(database_url: str, tmp_path: Path) -> Iterator[Centre]:
    """A centre with nothing but its root department."""
    with Centre(database_url, tmp_path / "state") as made:
        yield made
