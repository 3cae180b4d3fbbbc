"""floating addresses"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATES = (
    "requested",
    "allocating",
    "available",
    "associating",
    "in_use",
    "disassociating",
    "error",
    "deleting",
    "deleted",
)


def upgrade() -> None:
    document = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "floating_addresses",
        sa.Column("address", sa.String(length=15), nullable=False),
        sa.Column("department_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("provider_id", sa.String(length=36), nullable=True),
        sa.Column("network_id", sa.String(length=36), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", document, nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ({})".format(", ".join(f"'{state}'" for state in STATES)),
            name=op.f("ck_floating_addresses_state"),
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_floating_addresses_department_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_floating_addresses_project_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name=op.f("fk_floating_addresses_provider_id")),
        sa.ForeignKeyConstraint(["network_id"], ["networks.id"], name=op.f("fk_floating_addresses_network_id")),
        sa.ForeignKeyConstraint(["instance_id"], ["instances.id"], name=op.f("fk_floating_addresses_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_floating_addresses")),
    )
    op.create_index(
        "ix_floating_addresses_department_id_id", "floating_addresses", ["department_id", "id"], unique=False
    )
    for column in ("project_id", "provider_id", "network_id", "instance_id"):
        op.create_index(op.f(f"ix_floating_addresses_{column}"), "floating_addresses", [column], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead: what a newer version wrote would be lost")
