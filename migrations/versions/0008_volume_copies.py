"""volume copies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('volumes', sa.Column('source_kind', sa.String(length=16), nullable=True))
    op.add_column('volumes', sa.Column('source_id', sa.String(length=36), nullable=True))
    op.create_index('ix_volumes_source_id', 'volumes', ['source_id'], unique=False)
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table('volume_snapshots',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('department_id', sa.String(length=36), nullable=False),
    sa.Column('project_id', sa.String(length=36), nullable=False),
    sa.Column('volume_id', sa.String(length=36), nullable=False),
    sa.Column('size_gib', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('external_id', sa.String(length=300), nullable=True),
    sa.Column('error', document, nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('requested', 'creating', 'available', 'error', 'deleting', 'deleted')", name=op.f('ck_volume_snapshots_state')),
    sa.CheckConstraint('size_gib > 0', name=op.f('ck_volume_snapshots_size_gib')),
    sa.ForeignKeyConstraint(['department_id'], ['departments.id'], name=op.f('fk_volume_snapshots_department_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_volume_snapshots_project_id')),
    sa.ForeignKeyConstraint(['volume_id'], ['volumes.id'], name=op.f('fk_volume_snapshots_volume_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_volume_snapshots'))
    )
    for column in ('department_id', 'project_id', 'volume_id'):
        op.create_index(op.f(f'ix_volume_snapshots_{column}'), 'volume_snapshots', [column], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
