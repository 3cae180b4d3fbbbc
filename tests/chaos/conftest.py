"""Worlds to break: each test gets a copy of one furnished estate."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.scenarios import furnish
from tests.support.postgresql import Cluster
from tests.world import Inside, World, build


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--storm", choices=("short", "full"), default="short", help="size of the chaos runs")


@pytest.fixture(scope="session")
def storm_size(request: pytest.FixtureRequest) -> str:
    """``short`` or ``full``."""
    return str(request.config.getoption("--storm", "short"))


@dataclass
class Bench:
    """One place where the estate is set up again and again: what was compiled for it once stays warm."""

    inside: Inside
    restore: Callable[[], None]

    @classmethod
    def at(cls, world: World, restore: Callable[[], None]) -> Bench:
        """Furnish the world and remember it; ``restore`` is for its database."""
        bench = cls(Inside(furnish(world)), restore)
        _backup(bench.cloud, bench.kept_cloud)
        return bench

    @property
    def cloud(self) -> Path:
        return self.inside.world.cloud

    @property
    def kept_cloud(self) -> Path:
        return self.cloud.with_name("kept-cloud.sqlite")

    def fresh(self) -> Inside:
        """The estate as it was at first."""
        self.inside.close()
        self.restore()
        _backup(self.kept_cloud, self.cloud)
        self.inside.clock.ahead = timedelta()
        return self.inside


def _backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


@pytest.fixture(scope="session")
def bench(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The estate on SQLite."""
    directory = tmp_path_factory.mktemp("estate")
    database, kept = directory / "egovcloud.sqlite", directory / "kept.sqlite"
    shutil.copy(sqlite_template, database)
    world = build(f"sqlite:///{database}", directory / "cloud.sqlite")

    def restore() -> None:
        for leftover in directory.glob("egovcloud.sqlite-*"):
            leftover.unlink()
        shutil.copy(kept, database)

    bench = Bench.at(world, restore)
    bench.inside.close()  # folds the log into the file
    shutil.copy(database, kept)
    return bench


@pytest.fixture(scope="session")
def bench_on_postgresql(
    postgresql: Cluster, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Bench:
    """The estate on PostgreSQL."""
    name = postgresql.create(postgresql_template)
    world = build(postgresql.url(name), tmp_path_factory.mktemp("estate") / "cloud.sqlite")
    kept: list[str] = []
    bench = Bench.at(world, lambda: postgresql.restore(name, kept[0]))
    bench.inside.close()
    kept.append(postgresql.create(name))
    return bench
