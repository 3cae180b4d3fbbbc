"""shelved instances"""

import re

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

STATES = (
    "'requested', 'building', 'active', 'stopped', 'starting', 'error', 'rebooting', 'resizing', 'rebuilding', "
    "'migrating', 'reverting', 'stopping', 'shelving', 'shelved', 'unshelving', 'unknown', 'deleting', 'deleted', "
    "'adopting', 'releasing'"
)


def upgrade() -> None:
    op.add_column('instances', sa.Column('shelved_at', sa.DateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == 'sqlite':
        _rewrite_sqlite()
        return
    op.drop_constraint(op.f('ck_instances_state'), 'instances', type_='check')
    op.create_check_constraint(op.f('ck_instances_state'), 'instances', f'state IN ({STATES})')


def _rewrite_sqlite() -> None:
    """A looser constraint changes no stored row, so that SQLite lets the statement itself be edited.

    https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes. A copy of the table would
    have to drop the old one, and with it what refers to it.
    """
    bind = op.get_bind()
    version = bind.exec_driver_sql('PRAGMA schema_version').scalar()
    bind.exec_driver_sql('PRAGMA writable_schema = ON')
    query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'instances'"
    statement = bind.exec_driver_sql(query).scalar_one()
    check = r'(CONSTRAINT ck_instances_state CHECK \(state IN \()[^)]*(\)\))'
    statement, count = re.subn(check, lambda found: found[1] + STATES + found[2], statement)
    assert count == 1
    bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = 'instances'", (statement,))
    bind.exec_driver_sql(f'PRAGMA schema_version = {version + 1}')
    bind.exec_driver_sql('PRAGMA writable_schema = OFF')
    assert bind.exec_driver_sql('PRAGMA integrity_check').scalar() == 'ok'


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
