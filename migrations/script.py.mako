"""${message}"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

# Substring search on PostgreSQL reads these instead of the whole table.
SEARCHED = ${repr(config.attributes.get("searched", ()))}


def upgrade() -> None:
    ${upgrades}
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for table in SEARCHED:
            op.execute(f"CREATE INDEX ix_{table}_search_trgm ON {table} USING gin (search gin_trgm_ops)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
