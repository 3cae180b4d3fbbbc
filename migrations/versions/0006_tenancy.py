"""tenancy"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column('quotas', sa.Column('unmanaged', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('providers', sa.Column('strays', document, nullable=False, server_default='{}'))
    with op.batch_alter_table('projects') as table:
        table.add_column(sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True))
        table.drop_constraint('uq_projects_department_id_name', type_='unique')
    living = sa.text('deleted_at IS NULL')
    op.create_index(
        'uq_projects_living_name',
        'projects',
        ['department_id', 'name'],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    with op.batch_alter_table('quotas') as table:
        table.alter_column('unmanaged', server_default=None)
    with op.batch_alter_table('providers') as table:
        table.alter_column('strays', server_default=None)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
