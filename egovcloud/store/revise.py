"""``python -m egovcloud.store.revise NAME``: writes the next revision, of what the models have more than the head."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

from alembic import command

from egovcloud.store import schema
from egovcloud.store.database import Database


def main(name: str) -> None:
    """``migrations/versions/NNNN_NAME.py``, to be read before it is committed."""
    place = schema.migrations_dir()
    number = f"{int(schema.head(place)) + 1:04d}"
    with TemporaryDirectory() as empty:
        database = Database(f"sqlite:///{empty}/empty.sqlite")
        schema.upgrade(database, place)
        with database.engine.connect() as connection:
            command.revision(schema.config(connection, place), message=name, autogenerate=True, rev_id=number)
        database.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
