"""Our tables. Everything that is asked for has a column and a type; tuples of small things are JSON.

A revision is two columns, `<name>_commit` and `<name>_tree`. `seq` keeps the order of writing where times may be equal.
"""

from sqlalchemy import JSON, Boolean, Column, Date, Float, ForeignKey, Index, Integer, MetaData, Table, Text, text

from staging_gate.domain.change import ChangeState
from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUpKind
from staging_gate.domain.incident import Phase, Severity
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.release import ReleaseState
from staging_gate.engine.tables import UtcDateTime
from staging_gate.store.columns import OneOf, Texts, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

counter = Table(
    "counter",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""Numbers without gaps: `change`, `incident`, `follow_up` and `audit`. Whoever takes one holds its row until the
commit.
"""

change = Table(
    "change",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", Words, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("head_commit", Text, nullable=False),
    Column("head_tree", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("description", Words, nullable=False),
    Column("labels", Texts, nullable=False),
    Column("state", OneOf(ChangeState), nullable=False),
    Column("preview_base", Text),
    Column("preview_head", Text),
    Column("preview_commit", Text),
    Column("preview_tree", Text),
    Column("preview_conflicts", Texts),
    Column("release", Text),
    Column("merged_commit", Text),
    Column("merged_tree", Text),
    Column("merged_at", UtcDateTime),
    Column("merged_by", Text),
    Column("method", OneOf(MergeMethod)),
    Column("merge_requested_at", UtcDateTime),
    Column("last_pusher", Text),
    Column("migrations", Text, nullable=False),
    Column("reviewers", Texts, nullable=False),
    Column("hotfix_reason", Words),
    Column("merge_wanted_at", UtcDateTime),
    Column("merge_wanted_by", Text),
    Column("merge_wanted_method", OneOf(MergeMethod)),
    Column("counted", Texts),
    Index("ix_change_state", "state"),
    Index("ix_change_release", "release"),
    Index("ix_change_merged_commit", "merged_commit"),
    Index(
        "one_open_change_per_branch",
        "source",
        "target",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

tested = Table(
    "tested",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("change", ForeignKey("change.number"), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("tree", Text, nullable=False),
    Column("note", Words, nullable=False),
)

check_result = Table(
    "check_result",
    metadata,
    Column("tree", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("verdict", OneOf(Verdict), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("summary", Words, nullable=False),
    Column("log", Text),
    Column("change", Integer),
    Column("seconds", Float),
)

approval = Table(
    "approval",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("change", ForeignKey("change.number"), index=True),
    Column("role", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("tree", Text, nullable=False),
    Column("policy_hash", Text, nullable=False),
    Column("comment", Words, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("migrations", Text, nullable=False),
    Column("source", Words, nullable=False, server_default=""),
    Index("ix_approval_tree", "tree"),
)

release = Table(
    "release",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("tag", Text, nullable=False, unique=True),
    Column("title", Words, nullable=False),
    Column("notes", Words, nullable=False),
    Column("state", OneOf(ReleaseState), nullable=False),
    Column("change", Integer),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revision_commit", Text),
    Column("revision_tree", Text),
    Column("published_at", UtcDateTime),
    Column("published_by", Text),
    Column("verified_at", UtcDateTime),
    Column("publish_wanted_at", UtcDateTime),
    Column("publish_wanted_by", Text),
    Column("held_back", Words, nullable=False, server_default=""),
    Column("ended_at", UtcDateTime),
)

announcement = Table(
    "announcement",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("tag", Text, nullable=False, index=True),
    Column("planned_for", Date, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Words, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("tag", Text, nullable=False),
    Column("tree", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_by", Text),
    Column("lifted_reason", Words, nullable=False),
    Index(
        "one_quarantine_per_tag",
        "tag",
        unique=True,
        sqlite_where=text("lifted_at IS NULL"),
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

hold = Table(
    "hold",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("environment", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("lifted_at", UtcDateTime),
    Column("lifted_by", Text),
    Column("lifted_reason", Words, nullable=False),
)

bypass = Table(
    "bypass",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("tree", Text, nullable=False),
    Column("reason", Words, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("used_for", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

follow_up = Table(
    "follow_up",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", OneOf(FollowUpKind), nullable=False),
    Column("about", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("owner", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("reminded_at", UtcDateTime),
    Column("done_at", UtcDateTime),
    Column("done_by", Text),
    Column("note", Words, nullable=False),
    Index("ix_follow_up_about_kind", "about", "kind", unique=True),
    Index("ix_follow_up_done_at", "done_at"),
)

deployment = Table(
    "deployment",
    metadata,
    Column("id", Text, primary_key=True),
    Column("environment", OneOf(Environment), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", OneOf(DeploymentKind), nullable=False),
    Column("revision_commit", Text, nullable=False),
    Column("revision_tree", Text, nullable=False),
    Column("state", OneOf(DeploymentState), nullable=False),
    Column("why", Words, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("release", Text, index=True),
    Column("change", Integer, index=True),
    Column("previous", Text),
    Column("undoes", Text, index=True),
    Column("started_at", UtcDateTime),
    Column("switched_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("failure", Words, nullable=False),
    Column("evidence", Words, nullable=False),
    Column("cancel_requested_by", Text),
    Column("urgent", Boolean, nullable=False),
    Column("through_provider", Boolean, nullable=False),
    Column("retries", Text),
    Column("logs_due_at", UtcDateTime, index=True),
    Column("logs_found", Words, nullable=False),
    Column("downgrades", Boolean, nullable=False),
    Column("database_said", Words, nullable=False),
    Index("ix_deployment_environment_number", "environment", "number", unique=True),
    Index("ix_deployment_environment_state", "environment", "state"),
    Index(
        "one_deployment_per_environment",
        "environment",
        unique=True,
        sqlite_where=text("state IN ('running', 'verifying')"),
        postgresql_where=text("state IN ('running', 'verifying')"),
    ),
)

environment = Table(
    "environment",
    metadata,
    Column("name", OneOf(Environment), primary_key=True),
    Column("last_number", Integer, nullable=False),
    Column("live", ForeignKey("deployment.id")),
    Column("migrated", Text),
)
"""One row per environment, there from the start: the lock under which it is decided what runs there."""

verification = Table(
    "verification",
    metadata,
    Column("environment", OneOf(Environment), primary_key=True),
    Column("tree", Text, primary_key=True),
    Column("deployment", ForeignKey("deployment.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("smoke", Texts, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("severity", OneOf(Severity), nullable=False),
    Column("title", Words, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("phase", OneOf(Phase), nullable=False, index=True),
    Column("deployment", Text),
    Column("resolved_by", Text),
    Column("resolved_at", UtcDateTime),
    Column("resolution", Words, nullable=False),
    Column("details", Words, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("person", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("roles", Texts, nullable=False),
    Column("label", Words, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    # Not JSONB: it would write numbers its own way, and the hash covers them as they were.
    Column("data", JSON, nullable=False),
    Column("hash", Text, nullable=False),
)
"""Append-only: triggers refuse everything but the next row."""
