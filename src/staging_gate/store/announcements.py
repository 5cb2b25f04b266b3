"""Announcements of majors: written once, never changed."""

from sqlalchemy import insert, select

from staging_gate.domain.announcement import Announcement
from staging_gate.store.sql import Sql, fill
from staging_gate.store.tables import announcement as table


class SqlAnnouncements:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, announcement: Announcement) -> None:
        self._sql.write(insert(table).values(**vars(announcement)))

    def of(self, tag: str) -> list[Announcement]:
        query = select(table).where(table.c.tag == tag).order_by(table.c.seq)
        return [fill(Announcement, row) for row in self._sql.all(query)]

    def all(self) -> list[Announcement]:
        return [fill(Announcement, row) for row in self._sql.all(select(table).order_by(table.c.seq))]
