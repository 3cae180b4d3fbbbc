"""bucket keys"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bucket_keys',
    sa.Column('bucket_id', sa.String(length=36), nullable=False),
    sa.Column('department_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('writes', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('access_key_id', sa.String(length=128), nullable=True),
    sa.Column('created_by', sa.String(length=36), nullable=True),
    sa.Column('error', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('creating', 'available', 'error', 'deleting', 'deleted')", name=op.f('ck_bucket_keys_state')),
    sa.ForeignKeyConstraint(['bucket_id'], ['buckets.id'], name=op.f('fk_bucket_keys_bucket_id')),
    sa.ForeignKeyConstraint(['department_id'], ['departments.id'], name=op.f('fk_bucket_keys_department_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bucket_keys'))
    )
    op.create_index(op.f('ix_bucket_keys_bucket_id'), 'bucket_keys', ['bucket_id'], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.add_column('buckets', sa.Column('request_id', sa.String(length=36), nullable=True))
        op.create_foreign_key(op.f('fk_buckets_request_id'), 'buckets', 'requests', ['request_id'], ['id'])
    else:
        # A copy of the table would have to drop the old one, and with it what refers to it.
        op.execute(
            'ALTER TABLE buckets ADD COLUMN request_id VARCHAR(36) CONSTRAINT fk_buckets_request_id REFERENCES requests (id)'
        )
    op.create_index(op.f('ix_buckets_request_id'), 'buckets', ['request_id'], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
