"""One transaction: an object per noun on one connection, the record, and the runs that follow."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from staging_gate.domain.actor import Actor
from staging_gate.domain.audit import AuditEntry
from staging_gate.engine import enqueue, request_cancel
from staging_gate.store.announcements import SqlAnnouncements
from staging_gate.store.approvals import SqlApprovals
from staging_gate.store.audit import SqlAudit, json_only
from staging_gate.store.backups import SqlBackups
from staging_gate.store.bypasses import SqlBypasses
from staging_gate.store.changes import SqlChanges
from staging_gate.store.checks import SqlChecks
from staging_gate.store.columns import printable
from staging_gate.store.deployments import SqlDeployments
from staging_gate.store.followups import SqlFollowUps
from staging_gate.store.holds import SqlHolds
from staging_gate.store.incidents import SqlIncidents
from staging_gate.store.maintenances import SqlMaintenances
from staging_gate.store.migration_reports import SqlMigrationReports
from staging_gate.store.notifications import SqlNotices, SqlNotifications
from staging_gate.store.pull_requests import SqlPullRequestsHeard
from staging_gate.store.releases import SqlReleases
from staging_gate.store.runs import SqlRuns
from staging_gate.store.sql import Sql
from staging_gate.store.tellings import SqlTellings
from staging_gate.store.tokens import SqlTokens
from staging_gate.store.ways_back import SqlWaysBack


class SqlTransaction:
    """Implements `ports.store.Transaction`. `SqlStore` opens it, and calls `finish` right before the commit."""

    def __init__(self, connection: Connection, at: datetime, writable: bool) -> None:
        self._sql = sql = Sql(connection, writable)
        self._record: list[AuditEntry] = []
        self.at = at
        self.asked_engine = False
        self.finished = False
        self.changes = SqlChanges(sql)
        self.checks = SqlChecks(sql)
        self.approvals = SqlApprovals(sql)
        self.releases = SqlReleases(sql)
        self.announcements = SqlAnnouncements(sql)
        self.holds = SqlHolds(sql)
        self.bypasses = SqlBypasses(sql)
        self.followups = SqlFollowUps(sql)
        self.deployments = SqlDeployments(sql)
        self.incidents = SqlIncidents(sql)
        self.notices = SqlNotices(sql)
        self.notifications = SqlNotifications(sql)
        self.tokens = SqlTokens(sql)
        self.ways_back = SqlWaysBack(sql)
        self.backups = SqlBackups(sql)
        self.migration_reports = SqlMigrationReports(sql)
        self.maintenances = SqlMaintenances(sql)
        self.pull_requests = SqlPullRequestsHeard(sql)
        self.tellings = SqlTellings(sql)
        self.audit_log = SqlAudit(sql)
        self.runs = SqlRuns(sql)

    def audit(self, by: Actor, action: str, subject: str, reason: str = "", **data: object) -> None:
        """Kept until `finish`, so that the chain's head is the last row locked; `audit_log` does not show it before."""
        self._sql.for_writing()
        self._record.append(
            AuditEntry(
                seq=0,
                at=self.at.astimezone(UTC),
                actor=printable(by.name),
                action=printable(action),
                subject=printable(subject),
                reason=printable(reason),
                data=json_only(data, action),
            )
        )

    def start(self, procedure: str, subject: str, key: str | None = None) -> str:
        self.asked_engine = True
        return enqueue(self._sql.for_writing(), procedure, subject, self.at, key)

    def cancel(self, run: str, by: Actor) -> None:
        self.asked_engine = True
        request_cancel(self._sql.for_writing(), run, by.name)

    @property
    def wrote(self) -> bool:
        return self._sql.wrote or self.asked_engine

    def finish(self) -> None:
        """Write the record."""
        if self._record:
            self.audit_log.append(self._record)
        self.finished = True
