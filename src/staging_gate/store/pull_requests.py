"""What the code host said last of each pull request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select

from staging_gate.domain.check import Verdict
from staging_gate.domain.pull_request import Heard, HostCheck, Opinion, PullRequest, PullState, Word
from staging_gate.store.columns import printable
from staging_gate.store.connected_tables import pull_request as table
from staging_gate.store.sql import Sql


class SqlPullRequestsHeard:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, heard: Heard) -> None:
        """Who else: another worker, who asked earlier and was slower."""
        known = self.get(heard.pull.number)
        if known is None or known.at <= heard.at:
            pull = heard.pull
            row = {"number": pull.number, "at": heard.at, "state": pull.state, "head": pull.head}
            self._sql.put(table, {**row, "said": _written(pull)})

    def get(self, number: int) -> Heard | None:
        row = self._sql.one(select(table).where(table.c.number == number))
        return None if row is None else _heard(row)

    def open(self) -> list[Heard]:
        query = select(table).where(table.c.state == PullState.OPEN).order_by(table.c.number)
        return [_heard(row) for row in self._sql.all(query)]


def _heard(row: RowMapping) -> Heard:
    return Heard(row["at"], _read(row["said"]))


def _written(pull: PullRequest) -> dict[str, Any]:
    opinions = None if pull.opinions is None else [_plain(vars(one)) for one in pull.opinions]
    checks = None if pull.checks is None else [_plain(vars(one)) for one in pull.checks]
    return {**_plain(vars(pull)), "opinions": opinions, "checks": checks}


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return printable(str(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return [_value(each) for each in value] if isinstance(value, tuple) else value


def _read(row: Mapping[str, Any]) -> PullRequest:
    opinions = None if row["opinions"] is None else tuple(_opinion(one) for one in row["opinions"])
    checks = None if row["checks"] is None else tuple(_check(one) for one in row["checks"])
    known = {"state": PullState(row["state"]), "labels": tuple(row["labels"]), "opinions": opinions, "checks": checks}
    return PullRequest(**{**row, **known, "merged_at": _moment(row.get("merged_at"))})


def _opinion(row: Mapping[str, Any]) -> Opinion:
    return Opinion(**{**row, "word": Word(row["word"]), "at": _moment(row["at"])})


def _moment(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None


def _check(row: Mapping[str, Any]) -> HostCheck:
    return HostCheck(**{**row, "verdict": Verdict(row["verdict"])})
