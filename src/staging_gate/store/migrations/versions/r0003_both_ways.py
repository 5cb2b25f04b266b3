"""What is known about the databases of services, and whom we tell."""

import sqlalchemy as sa
from alembic import op

from staging_gate.engine.tables import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _notifications()
    _ways_back()
    _backups()
    _migration_reports()
    _maintenances()
    _databases_of_deployments()


def downgrade() -> None:
    op.drop_column("environment", "migrated")
    op.drop_column("deployment", "database_said")
    op.drop_column("deployment", "downgrades")
    op.drop_table("maintenance")
    op.execute("DELETE FROM counter WHERE name = 'maintenance'")
    op.drop_table("migration_report")
    op.drop_table("backup")
    op.drop_table("notification")
    op.drop_table("notice")
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


def _notifications() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("page", sa.Boolean, nullable=False),
        sa.Column("addressed_at", UtcDateTime),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("repeat_at", UtcDateTime),
        sa.Column("acknowledged_at", UtcDateTime),
        sa.Column("acknowledged_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    op.create_index("ix_notice_subject_step", "notice", ["subject", "step"], unique=True)
    for column in ("addressed_at", "acknowledged_at"):
        op.create_index(f"ix_notice_{column}", "notice", [column])
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("notice", sa.Integer, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("repeat", sa.Integer, nullable=False),
        sa.Column("page", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("unclear", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name="fk_notification_notice"),
    )
    key = ["notice", "recipient", "repeat"]
    op.create_index("ix_notification_notice_recipient_repeat", "notification", key, unique=True)
    op.create_index("ix_notification_state_due_at", "notification", ["state", "due_at"])


def _backups() -> None:
    op.create_table(
        "backup",
        sa.Column("deployment", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("revisions", sa.JSON, nullable=False),
        sa.Column("tables", sa.Integer, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("remove_at", UtcDateTime),
        sa.Column("removed_at", UtcDateTime),
        sa.PrimaryKeyConstraint("deployment", "service", name="pk_backup"),
    )
    op.create_index("ix_backup_at", "backup", ["at"])


def _migration_reports() -> None:
    op.create_table(
        "migration_report",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("report", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("tree", "service", name="pk_migration_report"),
    )


def _maintenances() -> None:
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("announced_by", sa.Text, nullable=False),
        sa.Column("announced_at", UtcDateTime, nullable=False),
        sa.Column("affected", sa.Text, nullable=False),
        sa.Column("services", sa.JSON, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.Column("changed_at", UtcDateTime),
        sa.Column("cancelled_at", UtcDateTime),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("cancelled_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance"),
    )
    op.create_index("ix_maintenance_ends_at", "maintenance", ["ends_at"])
    op.execute("INSERT INTO counter (name, last) VALUES ('maintenance', 0)")


def _databases_of_deployments() -> None:
    op.add_column("deployment", sa.Column("downgrades", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("deployment", sa.Column("database_said", sa.Text, nullable=False, server_default=""))
    op.add_column("environment", sa.Column("migrated", sa.Text))
