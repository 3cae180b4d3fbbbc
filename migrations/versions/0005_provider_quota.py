"""provider quota"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column('providers', sa.Column('latency_ms', sa.Integer(), nullable=True))
    op.add_column('providers', sa.Column('allowances', document, nullable=False, server_default='[]'))
    op.add_column('providers', sa.Column('problem', document, nullable=True))
    with op.batch_alter_table('providers') as table:
        table.alter_column('allowances', server_default=None)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
