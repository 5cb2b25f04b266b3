"""What the whole gate remembers: bypasses and follow-ups."""

import sqlalchemy as sa
from alembic import op

from staging_gate.engine.tables import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _bypasses()
    _follow_ups()
    _rollbacks()
    _waiting()
    _approvals()
    op.add_column("change", sa.Column("hotfix_reason", sa.Text))
    op.execute("INSERT INTO counter (name, last) VALUES ('follow_up', 0)")


def downgrade() -> None:
    op.drop_column("change", "hotfix_reason")
    for column in ("reviewers", "migrations"):
        op.drop_column("change", column)
    op.drop_index("ix_approval_tree", "approval")
    op.drop_column("approval", "migrations")
    op.drop_table("announcement")
    for column in ("ended_at", "held_back", "publish_wanted_by", "publish_wanted_at"):
        op.drop_column("release", column)
    for column in ("merge_wanted_method", "merge_wanted_by", "merge_wanted_at"):
        op.drop_column("change", column)
    op.drop_column("incident", "details")
    op.drop_index("ix_deployment_logs_due_at", "deployment")
    for column in ("logs_found", "logs_due_at", "retries", "through_provider"):
        op.drop_column("deployment", column)
    op.execute("DELETE FROM counter WHERE name = 'follow_up'")
    op.drop_table("follow_up")
    op.drop_table("bypass")


def _bypasses() -> None:
    op.create_table(
        "bypass",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.Column("used_for", sa.Text, nullable=False),
        sa.Column("withdrawn_at", UtcDateTime),
        sa.PrimaryKeyConstraint("seq", name="pk_bypass"),
        sa.UniqueConstraint("id", name="uq_bypass_id"),
    )
    op.create_index("ix_bypass_subject", "bypass", ["subject"])


def _follow_ups() -> None:
    op.create_table(
        "follow_up",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("reminded_at", UtcDateTime),
        sa.Column("done_at", UtcDateTime),
        sa.Column("done_by", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up"),
    )
    op.create_index("ix_follow_up_about_kind", "follow_up", ["about", "kind"], unique=True)
    op.create_index("ix_follow_up_done_at", "follow_up", ["done_at"])


def _rollbacks() -> None:
    op.add_column("deployment", sa.Column("through_provider", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("deployment", sa.Column("retries", sa.Text))
    op.add_column("deployment", sa.Column("logs_due_at", UtcDateTime))
    op.add_column("deployment", sa.Column("logs_found", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_deployment_logs_due_at", "deployment", ["logs_due_at"])
    op.add_column("incident", sa.Column("details", sa.Text, nullable=False, server_default=""))


def _approvals() -> None:
    """Migrations void approvals too, and reviewers are asked."""
    op.add_column("approval", sa.Column("migrations", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_approval_tree", "approval", ["tree"])
    op.add_column("change", sa.Column("migrations", sa.Text, nullable=False, server_default=""))
    op.add_column("change", sa.Column("reviewers", sa.JSON, nullable=False, server_default="[]"))


def _waiting() -> None:
    """What goes by itself when the gate opens, and majors that were announced."""
    op.add_column("change", sa.Column("merge_wanted_at", UtcDateTime))
    op.add_column("change", sa.Column("merge_wanted_by", sa.Text))
    op.add_column("change", sa.Column("merge_wanted_method", sa.Text))
    op.add_column("release", sa.Column("publish_wanted_at", UtcDateTime))
    op.add_column("release", sa.Column("publish_wanted_by", sa.Text))
    op.add_column("release", sa.Column("held_back", sa.Text, nullable=False, server_default=""))
    op.add_column("release", sa.Column("ended_at", UtcDateTime))
    op.create_table(
        "announcement",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("planned_for", sa.Date, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_announcement"),
    )
    op.create_index("ix_announcement_tag", "announcement", ["tag"])
