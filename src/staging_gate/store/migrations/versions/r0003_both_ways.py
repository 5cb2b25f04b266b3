"""What is known about the databases of services, and whom we tell."""

import sqlalchemy as sa
from alembic import op

from staging_gate.engine.tables import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _ways_back()


def downgrade() -> None:
    op.drop_table("way_back")


def _ways_back() -> None:
    op.create_table(
        "way_back",
        sa.Column("from_tree", sa.Text, nullable=False),
        sa.Column("to_tree", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("deployment", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("losses", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Float),
        sa.Column("log", sa.Text),
        sa.PrimaryKeyConstraint("from_tree", "to_tree", name="pk_way_back"),
    )
    op.create_index("ix_way_back_at", "way_back", ["at"])
