"""What providers said that we are connected to."""

import sqlalchemy as sa
from alembic import op

from staging_gate.engine.tables import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _pull_requests()
    _told()
    _merged()


def downgrade() -> None:
    op.drop_column("change", "counted")
    op.drop_table("told")
    op.drop_column("approval", "source")
    op.drop_table("pull_request")


def _pull_requests() -> None:
    op.create_table(
        "pull_request",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pull_request"),
    )
    op.create_index("ix_pull_request_state", "pull_request", ["state"])
    op.add_column("approval", sa.Column("source", sa.Text, nullable=False, server_default=""))


def _told() -> None:
    op.create_table(
        "told",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("failing_since", UtcDateTime),
        sa.Column("unclear", sa.Boolean, nullable=False),
        sa.Column("told_at", UtcDateTime),
        sa.PrimaryKeyConstraint("subject", name="pk_told"),
    )
    op.create_index("ix_told_due_at", "told", ["due_at"])


def _merged() -> None:
    """Rules change, and what let a change in does not."""
    op.add_column("change", sa.Column("counted", sa.JSON))
