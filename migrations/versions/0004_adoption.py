"""adoption: what others made, under management"""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

STATES = {
    'instances': (
        "'requested', 'building', 'active', 'stopped', 'starting', 'error', 'rebooting', 'resizing', 'rebuilding', "
        "'migrating', 'reverting', 'stopping', 'unknown', 'deleting', 'deleted', 'adopting', 'releasing'"
    ),
    'volumes': (
        "'requested', 'creating', 'available', 'attaching', 'error', 'in_use', 'detaching', 'growing', 'deleting', "
        "'deleted', 'adopting', 'releasing'"
    ),
}
NULLABLE = (('instances', 'flavor_id', 36), ('instances', 'image_id', 36), ('ports', 'network_id', 36), ('ports', 'address', 15))


def upgrade() -> None:
    for table in STATES:
        op.add_column(table, sa.Column('adopted_at', sa.DateTime(timezone=True), nullable=True))
        origin = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
        op.add_column(table, sa.Column('origin', origin, nullable=True))
    op.add_column('ports', sa.Column('network_name', sa.String(length=120), nullable=True))
    if op.get_bind().dialect.name == 'sqlite':
        _rewrite_sqlite()
        return
    for table, states in STATES.items():
        op.drop_constraint(op.f(f'ck_{table}_state'), table, type_='check')
        op.create_check_constraint(op.f(f'ck_{table}_state'), table, f'state IN ({states})')
    for table, column, length in NULLABLE:
        op.alter_column(table, column, existing_type=sa.String(length=length), nullable=True)


def _rewrite_sqlite() -> None:
    """Looser constraints change no stored row, so that SQLite lets the statement itself be edited.

    https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes. A copy of the table would
    have to drop the old one, and with it what refers to it.
    """
    bind = op.get_bind()
    version = bind.exec_driver_sql('PRAGMA schema_version').scalar()
    bind.exec_driver_sql('PRAGMA writable_schema = ON')
    for table in ('instances', 'volumes', 'ports'):
        query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        statement = bind.exec_driver_sql(query, (table,)).scalar_one()
        if table in STATES:
            check = rf'(CONSTRAINT ck_{table}_state CHECK \(state IN \()[^)]*(\)\))'
            statement, count = re.subn(check, lambda found, t=table: found[1] + STATES[t] + found[2], statement)
            assert count == 1, table
        for name, column, length in NULLABLE:
            if name == table:
                typed = f'{column} VARCHAR({length})'
                assert f'{typed} NOT NULL' in statement, (table, column)
                statement = statement.replace(f'{typed} NOT NULL', typed)
        bind.exec_driver_sql("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (statement, table))
    bind.exec_driver_sql(f'PRAGMA schema_version = {version + 1}')
    bind.exec_driver_sql('PRAGMA writable_schema = OFF')
    assert bind.exec_driver_sql('PRAGMA integrity_check').scalar() == 'ok'
