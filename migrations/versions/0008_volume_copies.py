"""volume copies"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('volumes', sa.Column('source_kind', sa.String(length=16), nullable=True))
    op.add_column('volumes', sa.Column('source_id', sa.String(length=36), nullable=True))
    op.create_index('ix_volumes_source_id', 'volumes', ['source_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
