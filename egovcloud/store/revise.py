"""``python -m egovcloud.store.revise``: writes the initial revision anew from the models.

Until the first release there is one revision; from then on ``alembic revision --autogenerate`` adds further ones.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from alembic import command

from egovcloud.store import schema
from egovcloud.store.database import Database


def main() -> None:
    """Replace ``migrations/versions/0001_initial.py``."""
    place = schema.migrations_dir()
    for old in (place / "versions").glob("*.py"):
        old.unlink()
    with TemporaryDirectory() as empty:
        database = Database(f"sqlite:///{empty}/empty.sqlite")
        with database.engine.connect() as connection:
            command.revision(schema.config(connection, place), message="initial", autogenerate=True, rev_id="0001")
        database.dispose()


if __name__ == "__main__":
    main()
