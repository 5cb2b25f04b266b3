"""Notices, and their deliveries: added with what they are about, claimed by compare-and-set, never deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update

from staging_gate.domain.notification import Delivery, Notice, Notification
from staging_gate.store.notice_tables import notice, notification
from staging_gate.store.sql import Sql, fill


class SqlNotices:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, new: Notice) -> None:
        taken = f"It was told already: {new.step} of {new.subject}."
        self._sql.add(notice, _without_id(vars(new)), taken)

    def get(self, id: int) -> Notice | None:
        return next(iter(self._all(select(notice).where(notice.c.id == id))), None)

    def about(self, subject: str) -> list[Notice]:
        return self._all(select(notice).where(notice.c.subject == subject).order_by(notice.c.id))

    def unaddressed(self) -> list[Notice]:
        query = select(notice).where(notice.c.addressed_at.is_(None))
        return self._all(query.order_by(notice.c.page.desc(), notice.c.id))

    def unacknowledged(self) -> list[Notice]:
        waits = notice.c.page & notice.c.addressed_at.is_not(None) & notice.c.acknowledged_at.is_(None)
        return self._all(select(notice).where(waits).order_by(notice.c.id))

    def update(self, new: Notice, was: Notice) -> None:
        """Who else: another tick that looks up whom it goes to or tells it again, or somebody who acknowledges it."""
        same = (
            notice.c.addressed_at.is_not_distinct_from(was.addressed_at),
            notice.c.acknowledged_at.is_not_distinct_from(was.acknowledged_at),
            notice.c.repeats == was.repeats,
        )
        statement = update(notice).where(notice.c.id == was.id, *same).values(**_without_id(vars(new)))
        self._sql.change(statement, f"Somebody else has seen to notice {was.id} at this moment.")

    def _all(self, query: Select[Any]) -> list[Notice]:
        return [fill(Notice, row) for row in self._sql.all(query)]


class SqlNotifications:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, new: Notification) -> None:
        taken = f"Notice {new.notice} goes to {new.recipient} already."
        self._sql.add(notification, _without_id(vars(new)), taken)

    def get(self, id: int) -> Notification | None:
        return next(iter(self._all(select(notification).where(notification.c.id == id))), None)

    def of(self, notices: Sequence[int]) -> list[Notification]:
        query = select(notification).where(notification.c.notice.in_(notices))
        return self._all(query.order_by(notification.c.id))

    def due(self, at: datetime, limit: int = 1000) -> list[Notification]:
        query = select(notification).where(notification.c.state == Delivery.PENDING, notification.c.due_at <= at)
        order = (notification.c.page.desc(), notification.c.due_at, notification.c.id)
        return self._all(query.order_by(*order).limit(limit))

    def undelivered(self, since: datetime) -> list[Notification]:
        tried = (notification.c.state == Delivery.PENDING) & (notification.c.problem != "")
        given_up = (notification.c.state == Delivery.FAILED) & (notification.c.created_at >= since)
        return self._all(select(notification).where(tried | given_up).order_by(notification.c.id))

    def recent(self, limit: int = 50) -> list[Notification]:
        return self._all(select(notification).order_by(notification.c.id.desc()).limit(limit))

    def update(self, new: Notification, was: Notification) -> None:
        """Who else: another process that sends it, or that has found us slow and sent it again."""
        same = (
            notification.c.state == was.state,
            notification.c.attempts == was.attempts,
            notification.c.due_at == was.due_at,
        )
        statement = update(notification).where(notification.c.id == was.id, *same).values(**_without_id(vars(new)))
        self._sql.change(statement, f"Somebody else sends notification {was.id} at this moment.")

    def _all(self, query: Select[Any]) -> list[Notification]:
        return [fill(Notification, row) for row in self._sql.all(query)]


def _without_id(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}
