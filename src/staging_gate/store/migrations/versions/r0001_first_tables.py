"""The first tables: ours, the engine's, and the triggers that keep the audit append-only."""

import sqlalchemy as sa
from alembic import op

from staging_gate.engine.tables import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    _counter()
    _changes()
    _proofs()
    _releases()
    _holds()
    _deployments()
    _environments()
    _incidents()
    _tokens()
    _audit()
    _engine()
    _audit_is_append_only()
    _first_rows()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_change_the_audit")


TABLES = [
    "counter",
    "change",
    "tested",
    "check_result",
    "approval",
    "release",
    "quarantine",
    "hold",
    "deployment",
    "environment",
    "verification",
    "incident",
    "token",
    "audit",
    "run",
    "run_step",
    "worker",
]


def _counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )


def _changes() -> None:
    op.create_table(
        "change",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("head_commit", sa.Text, nullable=False),
        sa.Column("head_tree", sa.Text, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("preview_base", sa.Text),
        sa.Column("preview_head", sa.Text),
        sa.Column("preview_commit", sa.Text),
        sa.Column("preview_tree", sa.Text),
        sa.Column("preview_conflicts", sa.JSON),
        sa.Column("release", sa.Text),
        sa.Column("merged_commit", sa.Text),
        sa.Column("merged_tree", sa.Text),
        sa.Column("merged_at", UtcDateTime),
        sa.Column("merged_by", sa.Text),
        sa.Column("method", sa.Text),
        sa.Column("merge_requested_at", UtcDateTime),
        sa.Column("last_pusher", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_change"),
    )
    op.create_index("ix_change_merged_commit", "change", ["merged_commit"])
    op.create_index("ix_change_release", "change", ["release"])
    op.create_index("ix_change_state", "change", ["state"])
    op.create_index(
        "one_open_change_per_branch",
        "change",
        ["source", "target"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "tested",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, sa.ForeignKey("change.number", name="fk_tested_change"), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_tested"),
    )
    op.create_index("ix_tested_change", "tested", ["change"])


def _proofs() -> None:
    op.create_table(
        "check_result",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("log", sa.Text),
        sa.Column("change", sa.Integer),
        sa.Column("seconds", sa.Float),
        sa.PrimaryKeyConstraint("tree", "name", name="pk_check_result"),
    )
    op.create_table(
        "approval",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("change", sa.Integer, sa.ForeignKey("change.number", name="fk_approval_change")),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("policy_hash", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("withdrawn_at", UtcDateTime),
        sa.PrimaryKeyConstraint("seq", name="pk_approval"),
        sa.UniqueConstraint("id", name="uq_approval_id"),
    )
    op.create_index("ix_approval_change", "approval", ["change"])


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("change", sa.Integer),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("revision_commit", sa.Text),
        sa.Column("revision_tree", sa.Text),
        sa.Column("published_at", UtcDateTime),
        sa.Column("published_by", sa.Text),
        sa.Column("verified_at", UtcDateTime),
        sa.PrimaryKeyConstraint("seq", name="pk_release"),
        sa.UniqueConstraint("tag", name="uq_release_tag"),
    )
    op.create_table(
        "quarantine",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("tag", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("lifted_at", UtcDateTime),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_quarantine"),
    )
    op.create_index(
        "one_quarantine_per_tag",
        "quarantine",
        ["tag"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _holds() -> None:
    op.create_table(
        "hold",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("lifted_at", UtcDateTime),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_hold"),
        sa.UniqueConstraint("id", name="uq_hold_id"),
    )


def _deployments() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("revision_commit", sa.Text, nullable=False),
        sa.Column("revision_tree", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("release", sa.Text),
        sa.Column("change", sa.Integer),
        sa.Column("previous", sa.Text),
        sa.Column("undoes", sa.Text),
        sa.Column("started_at", UtcDateTime),
        sa.Column("switched_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False),
        sa.Column("cancel_requested_by", sa.Text),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
    )
    op.create_index("ix_deployment_environment_number", "deployment", ["environment", "number"], unique=True)
    op.create_index("ix_deployment_environment_state", "deployment", ["environment", "state"])
    op.create_index("ix_deployment_release", "deployment", ["release"])
    op.create_index("ix_deployment_change", "deployment", ["change"])
    op.create_index("ix_deployment_undoes", "deployment", ["undoes"])
    op.create_index(
        "one_deployment_per_environment",
        "deployment",
        ["environment"],
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'verifying')"),
        postgresql_where=sa.text("state IN ('running', 'verifying')"),
    )


def _environments() -> None:
    op.create_table(
        "environment",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.Column("live", sa.Text, sa.ForeignKey("deployment.id", name="fk_environment_live")),
        sa.PrimaryKeyConstraint("name", name="pk_environment"),
    )
    op.create_table(
        "verification",
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column(
            "deployment", sa.Text, sa.ForeignKey("deployment.id", name="fk_verification_deployment"), nullable=False
        ),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("smoke", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("environment", "tree", name="pk_verification"),
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("deployment", sa.Text),
        sa.Column("resolved_by", sa.Text),
        sa.Column("resolved_at", UtcDateTime),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_phase", "incident", ["phase"])


def _tokens() -> None:
    op.create_table(
        "token",
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.PrimaryKeyConstraint("seq", name="pk_token"),
        sa.UniqueConstraint("id", name="uq_token_id"),
        sa.UniqueConstraint("sha256", name="uq_token_sha256"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _engine() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("procedure", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.Column("cancel_requested_by", sa.String(200)),
        sa.Column("worker", sa.String(200)),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("run_state", "run", ["state", "created_at"])
    op.create_index("run_subject", "run", ["subject"])
    op.create_table(
        "run_step",
        sa.Column("run", sa.String(200), sa.ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("outcome", sa.Text, nullable=False, server_default=""),
        sa.Column("answer", sa.Text),
        sa.PrimaryKeyConstraint("run", "number"),
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("beat_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _audit_is_append_only() -> None:
    refusals = POSTGRES_REFUSALS if op.get_bind().dialect.name == "postgresql" else SQLITE_REFUSALS
    for statement in refusals:
        op.execute(statement)


POSTGRES_REFUSALS = (
    """
    CREATE FUNCTION refuse_to_change_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit is append-only: % refused', TG_OP; END $$
    """,
    """
    CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit()
    """,
)

# The third is there because INSERT OR REPLACE removes the row that it replaces without asking the second.
SQLITE_REFUSALS = (
    """
    CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: UPDATE refused'); END
    """,
    """
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: DELETE refused'); END
    """,
    """
    CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN NEW.seq <= (SELECT max(seq) FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: REPLACE refused'); END
    """,
)


def _first_rows() -> None:
    op.execute("INSERT INTO counter (name, last) VALUES ('change', 0), ('incident', 0), ('audit', 0)")
    op.execute("INSERT INTO environment (name, last_number) VALUES ('staging', 0), ('production', 0)")
