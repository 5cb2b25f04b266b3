"""Deployments, what is live where, and which trees were proved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, case, exists, or_, select, update

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.store.sql import Sql, fill, one_revision, two_columns
from staging_gate.store.tables import deployment as table
from staging_gate.store.tables import environment as environment_table
from staging_gate.store.tables import quarantine
from staging_gate.store.tables import verification as verification_table

OCCUPYING = [state for state in DeploymentState if state.occupies]


class SqlDeployments:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def lock(self, environment: Environment) -> None:
        self._sql.lock(select(environment_table.c.name).where(environment_table.c.name == environment))

    def next_id(self, environment: Environment) -> str:
        """Takes the environment's row too."""
        last = environment_table.c.last_number
        statement = update(environment_table).where(environment_table.c.name == environment)
        number = self._sql.answer(statement.values(last_number=last + 1).returning(last))
        return f"{environment.value}-{number}"

    def add(self, deployment: Deployment) -> None:
        """Raises Stale where it occupies the environment at once and another one does."""
        self._sql.add(table, _row(deployment), _occupied(deployment))

    def get(self, id: str) -> Deployment | None:
        return self._one(select(table).where(table.c.id == id))

    def update(self, deployment: Deployment, was: DeploymentState) -> None:
        """Who else: a person who cancels, a newer request that supersedes it, or a worker that took its run over."""
        statement = update(table).where(table.c.id == deployment.id, table.c.state == was).values(**_row(deployment))
        stale = f"{deployment.id} is not {was.value} any more: somebody else changed it first."
        if deployment.state.occupies and not was.occupies:
            # Whoever holds the environment's lock has looked; the index is there for whoever forgot to.
            self._sql.change_alone(statement, stale, _occupied(deployment))
        else:
            self._sql.change(statement, stale)

    def occupying(self, environment: Environment) -> Deployment | None:
        return self._one(select(table).where(table.c.environment == environment, table.c.state.in_(OCCUPYING)))

    def queued(self, environment: Environment) -> list[Deployment]:
        return self._all(
            select(table)
            .where(table.c.environment == environment, table.c.state == DeploymentState.QUEUED)
            .order_by(
                case((table.c.kind == DeploymentKind.ROLLBACK, 0), else_=1),
                table.c.urgent.desc(),
                table.c.requested_at,
                table.c.number,
            )
        )

    def live(self, environment: Environment) -> Deployment | None:
        is_live = environment_table.c.live == table.c.id
        return self._one(select(table).join(environment_table, is_live).where(environment_table.c.name == environment))

    def set_live(self, environment: Environment, deployment: str | None) -> None:
        row = update(environment_table).where(environment_table.c.name == environment)
        self._sql.write(row.values(live=deployment))

    def migrated(self, environment: Environment) -> Deployment | None:
        was_last = environment_table.c.migrated == table.c.id
        return self._one(select(table).join(environment_table, was_last).where(environment_table.c.name == environment))

    def set_migrated(self, environment: Environment, deployment: str) -> None:
        row = update(environment_table).where(environment_table.c.name == environment)
        self._sql.write(row.values(migrated=deployment))

    def recent(self, environment: Environment | None = None, limit: int = 50) -> list[Deployment]:
        """Newest first."""
        newest = select(table).limit(limit)
        if environment is None:
            return self._all(newest.order_by(table.c.requested_at.desc(), table.c.number.desc()))
        # They are numbered in the order of being asked for, and an index has that order.
        return self._all(newest.where(table.c.environment == environment).order_by(table.c.number.desc()))

    def last_verified_release(self, before: str | None = None) -> Deployment | None:
        bad = exists().where(
            quarantine.c.lifted_at.is_(None),
            or_(quarantine.c.tag == table.c.release, quarantine.c.tree == table.c.revision_tree),
        )
        query = (
            select(table)
            .where(table.c.environment == Environment.PRODUCTION, table.c.state == DeploymentState.SUCCEEDED)
            .where(table.c.release.is_not(None), ~bad)
            .order_by(table.c.ended_at.desc().nulls_last(), table.c.number.desc())
            .limit(1)
        )
        return self._one(query if before is None else query.where(table.c.release != before))

    def of_release(self, tag: str) -> list[Deployment]:
        return self._newest_first(table.c.release == tag)

    def of_change(self, number: int) -> list[Deployment]:
        return self._newest_first(table.c.change == number)

    def logs_due(self, at: datetime) -> list[Deployment]:
        return self._all(select(table).where(table.c.logs_due_at <= at).order_by(table.c.logs_due_at))

    def undoing(self, id: str) -> list[Deployment]:
        return self._newest_first(table.c.undoes == id)

    def add_verification(self, verification: Verification) -> None:
        """The latest per environment and tree wins."""
        self._sql.put(verification_table, vars(verification))

    def verification(self, environment: Environment, tree: str) -> Verification | None:
        row = self._sql.one(
            select(verification_table).where(
                verification_table.c.environment == environment, verification_table.c.tree == tree
            )
        )
        return None if row is None else fill(Verification, row)

    def _one(self, query: Any) -> Deployment | None:
        row = self._sql.one(query)
        return None if row is None else _deployment(row)

    def _newest_first(self, condition: ColumnElement[bool]) -> list[Deployment]:
        query = select(table).where(condition)
        return self._all(query.order_by(table.c.requested_at.desc(), table.c.number.desc()))

    def _all(self, query: Any) -> list[Deployment]:
        return [_deployment(row) for row in self._sql.all(query)]


def _row(deployment: Deployment) -> dict[str, object]:
    flat = {name: value for name, value in vars(deployment).items() if name != "revision"}
    number = int(deployment.id.rpartition("-")[2])
    return flat | two_columns("revision", deployment.revision) | {"number": number}


def _deployment(row: RowMapping) -> Deployment:
    return fill(Deployment, row, revision=one_revision("revision", row))


def _occupied(deployment: Deployment) -> str:
    return f"{deployment.id} can not have {deployment.environment.value}: another deployment runs there."
