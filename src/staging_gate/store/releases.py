"""Releases, and which of them are in quarantine."""

from datetime import datetime

from sqlalchemy import RowMapping, func, select, update

from staging_gate.domain.release import Quarantine, Release, ReleaseState
from staging_gate.store.sql import Sql, fill, one_revision, two_columns
from staging_gate.store.tables import change as change_table
from staging_gate.store.tables import quarantine as quarantine_table
from staging_gate.store.tables import release as table


class SqlReleases:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, release: Release) -> None:
        """Raises Stale where somebody opened the same release while we looked."""
        self._sql.add(table, _row(release), f"There is a release {release.tag} already.")

    def get(self, tag: str) -> Release | None:
        row = self._sql.one(select(table).where(table.c.tag == tag))
        return None if row is None else _release(row)

    def update(self, release: Release, was: Release) -> None:
        """Who else: another person who publishes, edits or withdraws it, the calendar, or the run that proves it."""
        self._sql.change(
            update(table)
            .where(
                table.c.tag == was.tag,
                table.c.state == was.state,
                table.c.title == was.title,
                table.c.notes == was.notes,
                table.c.published_by.is_not_distinct_from(was.published_by),
                table.c.publish_wanted_at.is_not_distinct_from(was.publish_wanted_at),
            )
            .values(**_row(release)),
            f"Release {was.tag} is not {was.state.value} any more, or not as it was: somebody else changed it first.",
        )

    def all(self) -> list[Release]:
        return [_release(row) for row in self._sql.all(select(table).order_by(table.c.seq.desc()))]

    def under_way(self) -> list[Release]:
        states = (ReleaseState.PROPOSED, ReleaseState.MERGED, ReleaseState.PUBLISHED)
        query = select(table).where(table.c.state.in_(states)).order_by(table.c.seq)
        return [_release(row) for row in self._sql.all(query)]

    def last_ended_at(self) -> datetime | None:
        with_change = table.outerjoin(change_table, table.c.change == change_table.c.number)
        regular = func.coalesce(change_table.c.source.not_like("hotfix/%"), True)
        row = self._sql.one(select(func.max(table.c.ended_at).label("at")).select_from(with_change).where(regular))
        at: datetime | None = row["at"] if row else None
        return at

    def add_quarantine(self, quarantine: Quarantine) -> None:
        """Raises Stale where the tag is in quarantine already: who set it first said why."""
        self._sql.add(quarantine_table, vars(quarantine), f"{quarantine.tag} is in quarantine already.")

    def quarantines(self) -> list[Quarantine]:
        in_force = quarantine_table.c.lifted_at.is_(None)
        query = select(quarantine_table).where(in_force).order_by(quarantine_table.c.seq)
        return [fill(Quarantine, row) for row in self._sql.all(query)]

    def lift_quarantine(self, tag: str, by: str, reason: str, at: datetime) -> None:
        """Who else: another person who lifted it."""
        self._sql.change(
            update(quarantine_table)
            .where(quarantine_table.c.tag == tag, quarantine_table.c.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=by, lifted_reason=reason),
            f"{tag} is not in quarantine.",
        )


def _row(release: Release) -> dict[str, object]:
    flat = {name: value for name, value in vars(release).items() if name != "revision"}
    return flat | two_columns("revision", release.revision)


def _release(row: RowMapping) -> Release:
    return fill(Release, row, revision=one_revision("revision", row))
