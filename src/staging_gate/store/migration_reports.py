"""Reports about migrations: the latest of each service, by tree."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from staging_gate.domain.migration import Exemption, Finding, MigrationReport, Rows, Severity
from staging_gate.store.columns import printable
from staging_gate.store.schema_tables import migration_report as table
from staging_gate.store.sql import Sql


class SqlMigrationReports:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, tree: str, report: MigrationReport, at: datetime) -> None:
        self._sql.put(table, {"tree": tree, "service": report.service, "at": at, "report": _written(report)})

    def of_tree(self, tree: str) -> list[MigrationReport]:
        query = select(table).where(table.c.tree == tree).order_by(table.c.service)
        return [_read(row["report"]) for row in self._sql.all(query)]


def _written(report: MigrationReport) -> dict[str, Any]:
    return {
        **_plain(vars(report)),
        "findings": [
            {**_plain(vars(each)), "exempted": _exempt(each.exempted) if each.exempted else None}
            for each in report.findings
        ],
        "rows": [_plain(vars(rows)) for rows in report.rows],
        "idle": [_exempt(each) for each in report.idle],
    }


def _read(row: Mapping[str, Any]) -> MigrationReport:
    return MigrationReport(
        **{
            **row,
            "findings": tuple(_finding(each) for each in row["findings"]),
            "since": None if row["since"] is None else tuple(row["since"]),
            "new": tuple(row["new"]),
            "rows": tuple(Rows(**each) for each in row["rows"]),
            "unknown": tuple(row["unknown"]),
            "judged_on": _day(row["judged_on"]),
            "idle": tuple(_exemption(each) for each in row["idle"]),
        }
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    known = {
        "severity": Severity(row["severity"]),
        "built_in": Severity(row["built_in"]) if row["built_in"] else None,
        "exempted": _exemption(row["exempted"]) if row["exempted"] else None,
    }
    return Finding(**{**row, **known})


def _exempt(given: Exemption) -> dict[str, Any]:
    return _plain(vars(given))


def _exemption(row: Mapping[str, Any]) -> Exemption:
    return Exemption(**{**row, "until": _day(row["until"])})


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Flat values as JSON has them; what programs print is made printable."""
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(str(value))
    if isinstance(value, date):
        return value.isoformat()
    return [_value(each) for each in value] if isinstance(value, tuple) and _are_texts(value) else value


def _are_texts(values: tuple[Any, ...]) -> bool:
    return all(isinstance(each, str) for each in values)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
