"""The models and the head revision are the same schema, on both databases."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, MetaData, insert

from egovcloud.domain.errors import Permanent
from egovcloud.store import schema
from egovcloud.store.database import Database
from tests.support.postgresql import Cluster


def test_revision_and_models_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": schema.include_object, "compare_type": True}
        )
        assert compare_metadata(context, schema.METADATA) == []


def test_sqlite_checks_agree(tmp_path: Path) -> None:
    """Alembic compares no CHECK constraint, so the statements themselves are compared."""
    made, upgraded = Database(f"sqlite:///{tmp_path}/made"), Database(f"sqlite:///{tmp_path}/upgraded")
    schema.METADATA.create_all(made.engine)
    schema.upgrade(upgraded)
    assert _sqlite_checks(made) == _sqlite_checks(upgraded)
    assert len(_sqlite_checks(made)) > 10


def test_database_in_use_is_upgraded(tmp_path: Path) -> None:
    """Tables that others refer to are changed while they are full, on SQLite by a copy that takes their place."""
    database = Database(f"sqlite:///{tmp_path}/old")
    schema.upgrade(database, to="0001")
    old = MetaData()
    rows = {
        "departments": {"id": "d", "code": "sz", "name": "市", "kind": "city", "path": "/sz/"},
        "quotas": {"department_id": "d", "resource": "vcpus", "reserved": 1, "committed": 2},
        "projects": {"id": "p", "department_id": "d", "name": "社会救助", "description": ""},
        "applications": {
            "id": "a",
            "department_id": "d",
            "project_id": "p",
            "name": "社会救助系统",
            "protection_level": 3,
        },
        "sites": {"id": "s", "name": "主中心", "description": ""},
        "providers": {"id": "v", "name": "sim", "driver": "simulator", "site_id": "s", "enabled": True},
    }
    with database.engine.begin() as connection:
        old.reflect(connection)
        for table, row in rows.items():
            needed = {one.name: _anything(one) for one in old.tables[table].columns if not one.nullable}
            connection.execute(insert(old.tables[table]).values({**needed, **row}))
    schema.upgrade(database)
    schema.check(database)
    with database.engine.connect() as connection:
        for table, row in rows.items():
            kept = connection.exec_driver_sql(f"SELECT * FROM {table}").mappings().all()
            assert row in [{name: one[name] for name in row} for one in kept]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def _anything(column: Column[Any]) -> Any:
    """A value that the column takes."""
    if column.type.python_type is datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)
    return {} if isinstance(column.type, JSON) else column.type.python_type()


def _sqlite_checks(database: Database) -> set[tuple[str, str]]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
    return {(name, check) for name, sql in rows for check in re.findall(r"CONSTRAINT \S+ CHECK \(.*\)", sql)}


def test_postgresql_constraints_agree(postgresql: Cluster, postgresql_template: str) -> None:
    made = Database(postgresql.url(postgresql.create()))
    schema.METADATA.create_all(made.engine)
    upgraded = Database(postgresql.url(postgresql.create(postgresql_template)))
    statement = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype IN ('c', 'f', 'u') AND connamespace = 'public'::regnamespace "
        "AND conrelid::regclass::text <> 'alembic_version'"
    )
    found = []
    for database in (made, upgraded):
        with database.engine.connect() as connection:
            found.append(sorted(tuple(row) for row in connection.exec_driver_sql(statement)))
        database.dispose()
    assert found[0] == found[1]
    assert len(found[0]) > 40


def test_search_has_its_trigram_index(postgresql: Cluster, postgresql_template: str) -> None:
    name = postgresql.create(postgresql_template)
    database = Database(postgresql.url(name))
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%%gin_trgm_ops%%'")
        assert {row[0] for row in rows} == set(schema.SEARCHED)
    database.dispose()


def test_upgrade_twice_changes_nothing(database: Database) -> None:
    assert schema.upgrade(database) == schema.current(database) == schema.head()


def test_check_names_the_revision_that_is_missing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty")
    with pytest.raises(Permanent) as caught:
        schema.check(database)
    assert caught.value.code == "schema.behind"
    schema.upgrade(database)
    schema.check(database)
