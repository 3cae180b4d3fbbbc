"""Many rows at once, into an empty database: what imports and the demo city stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert

from egovcloud.domain.errors import Conflict
from egovcloud.store.database import Database
from egovcloud.store.schema import METADATA

CHUNK = 5000  # rows of one statement's parameters, so that memory stays small


def pour(database: Database, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
    """Store all rows in one transaction, in the order of their references; returns how many.

    ``tables`` maps names to rows that name the same columns each; a column that is left out takes its default. Rows
    that refer to others of their table stand after those. ``Conflict("row.duplicate")`` when the database is in use.
    """
    unknown = set(tables) - set(METADATA.tables)
    if unknown:
        raise ValueError(f"no such tables: {', '.join(sorted(unknown))}")
    count = 0
    with database.unit() as session:
        connection = session.connection()
        for table in METADATA.sorted_tables:
            rows = tables.get(table.name, ())
            if rows and connection.execute(table.select().limit(1)).first() is not None:
                raise Conflict("row.duplicate")
            for start in range(0, len(rows), CHUNK):
                connection.execute(insert(table), [dict(row) for row in rows[start : start + CHUNK]])
            count += len(rows)
    return count
