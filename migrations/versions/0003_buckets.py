"""buckets"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

BEFORE = "driver IN ('simulator', 'libvirt', 'openstack')"
AFTER = "driver IN ('simulator', 'libvirt', 'openstack', 's3', 'swift')"
RESOURCES = ('buckets', 'object_gib')


def upgrade() -> None:
    op.create_table('buckets',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('department_id', sa.String(length=36), nullable=False),
    sa.Column('project_id', sa.String(length=36), nullable=False),
    sa.Column('application_id', sa.String(length=36), nullable=True),
    sa.Column('provider_id', sa.String(length=36), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('quota_gib', sa.Integer(), nullable=False),
    sa.Column('versioning', sa.Boolean(), nullable=False),
    sa.Column('expire_days', sa.Integer(), nullable=True),
    sa.Column('expire_prefix', sa.Text(), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=True),
    sa.Column('objects', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('metered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
    sa.Column('search', sa.Text(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('creating', 'available', 'updating', 'error', 'deleting', 'deleted')", name=op.f('ck_buckets_state')),
    sa.CheckConstraint('quota_gib > 0', name=op.f('ck_buckets_quota_gib')),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_buckets_application_id')),
    sa.ForeignKeyConstraint(['department_id'], ['departments.id'], name=op.f('fk_buckets_department_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_buckets_project_id')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_buckets_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_buckets'))
    )
    op.create_index(op.f('ix_buckets_application_id'), 'buckets', ['application_id'], unique=False)
    op.create_index('ix_buckets_department_id_id', 'buckets', ['department_id', 'id'], unique=False)
    op.create_index(op.f('ix_buckets_project_id'), 'buckets', ['project_id'], unique=False)
    op.create_index(op.f('ix_buckets_provider_id'), 'buckets', ['provider_id'], unique=False)
    op.create_table('bucket_samples',
    sa.Column('bucket_id', sa.String(length=36), nullable=False),
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('objects', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['bucket_id'], ['buckets.id'], name=op.f('fk_bucket_samples_bucket_id')),
    sa.PrimaryKeyConstraint('bucket_id', 'day', name=op.f('pk_bucket_samples'))
    )
    op.create_table('bucket_uploads',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('bucket_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=36), nullable=True),
    sa.ForeignKeyConstraint(['bucket_id'], ['buckets.id'], name=op.f('fk_bucket_uploads_bucket_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bucket_uploads'))
    )
    op.create_index(op.f('ix_bucket_uploads_bucket_id'), 'bucket_uploads', ['bucket_id'], unique=False)
    op.create_table('bucket_upload_parts',
    sa.Column('upload_id', sa.String(length=36), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('tag', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['upload_id'], ['bucket_uploads.id'], name=op.f('fk_bucket_upload_parts_upload_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('upload_id', 'number', name=op.f('pk_bucket_upload_parts'))
    )
    for resource in RESOURCES:
        op.execute(
            'INSERT INTO quotas (department_id, resource, "limit", reserved, committed) '
            f"SELECT id, '{resource}', NULL, 0, 0 FROM departments"
        )
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f('ck_providers_driver'), 'providers', type_='check')
        op.create_check_constraint(op.f('ck_providers_driver'), 'providers', AFTER)
    else:
        # SQLite knows no other way to widen a CHECK of a table that others refer to
        # (https://www.sqlite.org/lang_altertable.html#otheralter): no stored row becomes invalid by it.
        connection = op.get_bind()
        version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.execute(
            sa.text("UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE name = 'providers'"),
            {"before": BEFORE, "after": AFTER},
        )
        connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
        connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
