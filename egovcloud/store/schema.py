"""The database's schema: brought to the head of ``migrations/``, or said to be behind it."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Connection

from egovcloud.domain.errors import Permanent
from egovcloud.store.base import UtcTime
from egovcloud.store.database import Database
from egovcloud.store.models import Setting

# Through a model, because importing them all is what fills it.
METADATA = Setting.metadata

# Tables whose ``search`` column gets a trigram index on PostgreSQL. SQLite has none: there an index that holds what a
# search looks at lets it read a tenth of the table, in the order of the list.
SEARCHED = ("instances", "volumes")


def migrations_dir(chosen: Path | None = None) -> Path:
    """Where the revisions are: as set, beside a source tree, or where the wheel puts them."""
    places = (
        chosen,
        Path(__file__).parents[2] / "migrations",
        Path(sysconfig.get_path("data")) / "share/egovcloud/migrations",
    )
    for place in places:
        if place is not None and (place / "env.py").is_file():
            return place
    raise Permanent("schema.absent", places=", ".join(str(place) for place in places if place))


def config(connection: Connection | None, directory: Path) -> Config:
    """Alembic's configuration without a file of its own."""
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", str(directory).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(database: Database, directory: Path | None = None, *, to: str = "head") -> str:
    """Bring the schema to a revision and return the newest one's name.

    Safe to run twice, and in two processes at once.
    """
    place = migrations_dir(directory)
    with database.engine.connect() as connection, _tables_may_be_copied(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            # Any number: whoever comes second waits and then finds nothing to do.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4715304)")
        command.upgrade(config(connection, place), to)
        if connection.dialect.name == "sqlite":
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            assert not lost, f"rows that refer to nothing: {lost[:5]}"
    return head(place)


@contextmanager
def _tables_may_be_copied(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by a copy that takes its place, while foreign keys do not count.

    https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes. The setting is deaf inside
    of a transaction, so that it is made on the connection itself.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    direct: Any = connection.connection.driver_connection
    direct.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        direct.execute("PRAGMA foreign_keys=ON")


def head(directory: Path | None = None) -> str:
    """Name of the newest revision."""
    return str(ScriptDirectory.from_config(config(None, migrations_dir(directory))).get_current_head())


def current(database: Database) -> str | None:
    """Name of the database's revision, or ``None`` when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(database: Database, directory: Path | None = None) -> None:
    """``Permanent("schema.behind")`` unless the database is at the head."""
    found, wanted = current(database), head(directory)
    if found != wanted:
        raise Permanent("schema.behind", found=found or "-", wanted=wanted)


def include_object(_object: Any, name: str | None, type_: str, _reflected: bool, _other: Any) -> bool:
    """Indexes for searching exist on one database each, so that the models don't know them."""
    return not (type_ == "index" and (name or "").endswith(("_trgm", "_narrow")))


def render_item(type_: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A revision must not import our types: they may change after it was written."""
    if type_ == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    if type_ == "type" and isinstance(item, JSON):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def no_way_back(_context: MigrationContext, _revision: Any, directives: list[Any]) -> None:
    """A schema is never taken back: what a newer version wrote would be lost; a backup is restored instead."""
    for directive in directives:
        directive.downgrade_ops.ops.clear()
