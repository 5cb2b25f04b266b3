"""Our tables about telling people."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Delivery, Event
from staging_gate.engine.tables import UtcDateTime
from staging_gate.store.columns import OneOf, Texts, Words
from staging_gate.store.tables import metadata

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", OneOf(Event), nullable=False),
    Column("subject", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("people", Texts, nullable=False),
    Column("page", Boolean, nullable=False),
    Column("addressed_at", UtcDateTime, index=True),
    Column("repeats", Integer, nullable=False),
    Column("repeat_at", UtcDateTime),
    Column("acknowledged_at", UtcDateTime, index=True),
    Column("acknowledged_by", Text),
    Index("ix_notice_subject_step", "subject", "step", unique=True),
)

notification = Table(
    "notification",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notice", ForeignKey("notice.id"), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("page", Boolean, nullable=False),
    Column("state", OneOf(Delivery), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("problem", Words, nullable=False),
    Column("unclear", Boolean, nullable=False),
    Index("ix_notification_notice_recipient_repeat", "notice", "recipient", "repeat", unique=True),
    Index("ix_notification_state_due_at", "state", "due_at"),
)

maintenance = Table(
    "maintenance",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", Words, nullable=False),
    Column("environment", OneOf(Environment), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("announced_by", Text, nullable=False),
    Column("announced_at", UtcDateTime, nullable=False),
    Column("affected", Words, nullable=False),
    Column("services", Texts, nullable=False),
    Column("note", Words, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("changed_at", UtcDateTime),
    Column("cancelled_at", UtcDateTime),
    Column("cancelled_by", Text),
    Column("cancelled_reason", Words, nullable=False),
)
