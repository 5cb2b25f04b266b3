"""Trying the release before on databases that the next one has changed, without touching what anybody uses."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Schema, Service
from staging_gate.domain.way_back import Loss, TriedOn, Try
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.schema_tool import Site


@dataclass(frozen=True)
class Side:
    """One of the two releases, with its services as it describes them for staging. `name` is what people call it."""

    name: str
    revision: Revision
    services: tuple[Service, ...]
    release: str | None = None


@dataclass(frozen=True)
class WayBackOrder:
    """`key` names everything that is made for this try; the same order may be tried again. `smoke` are the tests that
    are picked by name, all without. `within` is for the whole of it, builds included."""

    key: str
    new: Side
    old: Side
    on: TriedOn
    smoke: tuple[str, ...]
    within: timedelta
    log: str


class WayBackProver(Protocol):
    def prove(self, order: WayBackOrder, cancelled: Cancelled) -> Try:
        """Make a database, fill it, bring it to where the order says, and start all services of the old side on it, as
        in staging but for that database and without a public route; they have to be healthy and pass their smoke tests.

        Nothing of it is left afterwards; what an earlier try of the same order left is ended first. What could not be
        found out is said in the answer's evidence, with `works` None. Raises Stopped when cancelled, and Unavailable
        where a later try may go better.
        """
        ...


@dataclass(frozen=True)
class SchemaAt:
    """The schema of a service as one of the two releases has it; the tool of that release runs in `site`."""

    schema: Schema
    site: Site


@dataclass(frozen=True)
class StandIn:
    """A database to try a release on. `fails` says why a downgrade did not bring it there, `said` what could not be
    done otherwise, `losses` what the downgrade threw away."""

    address: str
    said: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    fails: str = ""


class StandIns(Protocol):
    def make(
        self, on: TriedOn, old: SchemaAt, new: SchemaAt | None, address: str, within: float
    ) -> AbstractContextManager[StandIn]:
        """A database that the old release made and that has data in it, brought to where `on` says by the new one
        (None: that has none); dropped afterwards.

        `address` says what kind of database it is, and is never connected to; no statement in the one that is made may
        take longer than `within` seconds. Raises Refused where it can not be
        brought there for another reason than a downgrade, Unavailable where there is no server for it.
        """
        ...
