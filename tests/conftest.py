"""What every test may ask for: a database of its own, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from egovcloud.store import schema
from egovcloud.store.database import Database
from tests.support.postgresql import Cluster


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL cluster of this run's own."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the head revision."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.dispose()  # closing the last connection folds the log into the file
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Cluster) -> str:
    """Name of an empty database at the head revision."""
    name = postgresql.create()
    database = Database(postgresql.url(name))
    schema.upgrade(database)
    database.dispose()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database that this test has to itself, empty and at the head revision."""
    if request.param == "sqlite":
        path = tmp_path / "egovcloud.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        template: str = request.getfixturevalue("postgresql_template")
        cluster: Cluster = request.getfixturevalue("postgresql")
        name = cluster.create(template)
        yield cluster.url(name)
        cluster.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database of this test, opened."""
    opened = Database(database_url)
    yield opened
    opened.dispose()
