"""One installation, running: ports, engine, git, and what keeps an eye on them."""

import errno
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from staging_gate.adapters.clock import SystemClock
from staging_gate.adapters.git import GitBridge, check_installed, served_elsewhere
from staging_gate.adapters.local.accounts import why_not_separate
from staging_gate.bootstrap import procedures
from staging_gate.bootstrap.access import ensure_access
from staging_gate.bootstrap.adapters import REPOSITORY, AtGitHub, Bound, bind
from staging_gate.bootstrap.examining import examine_render, examine_vercel
from staging_gate.bootstrap.reporting import Reporting, examine_reports
from staging_gate.bootstrap.settings import DATABASE, INBOX, CanNotStart, Settings
from staging_gate.domain.actor import Actor
from staging_gate.domain.delivery import Lag
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.engine import DatabaseProblem, Engine, connect
from staging_gate.messages import hooks as words
from staging_gate.messages import notifications as telling_words
from staging_gate.messages import protection as protection_words
from staging_gate.messages import webhook as webhook_words
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import OutsideError
from staging_gate.runbook import finding_lost, hearing, hooking, notifying, protecting, pushes, ticking, tokens
from staging_gate.runbook.facts import target_problems
from staging_gate.runbook.policy import policy_in_force
from staging_gate.store import NewerDatabase, SqliteInbox, SqlStore, upgrade

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 10.0
TELL_AGAIN_SECONDS = 0.2
GATHER_SECONDS = 0.5
"""What several webhooks are about is looked at once."""
LEAST_FREE_BYTES = 500 * 1024 * 1024

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Finding:
    """One thing that deployments need: what was found, and where it is not well, what to do."""

    what: str
    ok: bool
    found: str
    do: str = ""


class House:
    """Opened by `open_house`; `close` leaves services and proxies running, to be adopted again."""

    def __init__(self, settings: Settings, bound: Bound, engine: Engine, store: SqlStore) -> None:
        self.settings = settings
        self.ports = bound.ports
        self._local = bound.local
        self._engine = engine
        self._store = store
        self._stopping: list[Callable[[], None]] = []
        self._stopped, self._wake = Event(), Event()
        self._looked_at: datetime | None = None
        self.inbox = SqliteInbox(settings.state / INBOX)
        self._looker = Thread(target=self._look_on, name="reconcile", daemon=True)
        self._news = Event()
        self._teller = Thread(target=self._tell_on, name="notify", daemon=True)
        self._reporting = Reporting(self.ports)
        self._code = bound.code
        self.git: Asgi = _below("/git", self._bridge())
        if isinstance(bound.code, AtGitHub):
            self.git = served_elsewhere(bound.code.address)

    def start(self) -> None:
        """Take up what was left unfinished. Raises engine.AlreadyRunning."""
        log.debug("%d modules of procedures", len(procedures.ALL))
        self._engine.start()
        self._local.target.resume()
        ensure_access(self.settings, self.ports)
        self._looker.start()
        self._store.on_commit(self._news.set)
        self._teller.start()
        self._store.on_commit(self._reporting.news)
        self._reporting.start()

    def close(self) -> None:
        self._stopped.set()
        self._news.set()
        self._reporting.stop()
        self._wake.set()
        for stop in self._stopping:
            stop()
        self._engine.stop()

    def nudge(self) -> None:
        self._engine.nudge()

    def look_now(self) -> None:
        """Somebody told us that something has changed."""
        self._wake.set()

    def wait(self, run: str, within: float) -> bool:
        """Whether the run ended within so many seconds."""
        try:
            self._engine.wait(run, within)
        except TimeoutError:
            return False
        return True

    def on_change(self, tell: Callable[..., None]) -> None:
        self._store.on_commit(tell)
        self._engine.on_step(tell)

    def on_stop(self, stop: Callable[[], None]) -> None:
        self._stopping.append(stop)

    def ailments(self) -> list[str]:
        """Why this installation itself is not healthy; nothing when it is."""
        try:
            with self.ports.store.reading() as tx:
                tx.audit_log.head()
        except (OutsideError, SQLAlchemyError) as error:
            # Anybody may ask how we are; the error may name hosts and people.
            log.warning("the database does not answer: %s", error)
            return ["The database does not answer; the server's log says why."]
        if not self._looker.is_alive():
            return ["The reconciler has stopped: restart with `gate up`."]
        if not self._teller.is_alive():
            return ["Nobody is told of anything any more: restart with `gate up`."]
        if not self._reporting.alive:
            return ["The code host is told of nothing any more: restart with `gate up`."]
        return []

    def lags(self) -> list[Lag]:
        """How far we are behind each provider that may tell us something."""
        found = hearing.lags(self.inbox, tuple(self.settings.hook_secrets))
        return [replace(lag, looked_at=self._looked_at) for lag in found]

    def examine(self) -> list[Finding]:
        """What `gate doctor` shows."""
        free = shutil.disk_usage(self.settings.state).free
        findings = [
            Finding("git", True, check_installed()),
            Finding(
                "disk",
                free > LEAST_FREE_BYTES,
                f"{free // 1024**2} MiB free below {self.settings.state}",
                "Free some: a build that finds no room fails.",
            ),
            Finding("database", not self.ailments(), " ".join(self.ailments()) or self.settings.database_kind),
        ]
        shared = why_not_separate(self.settings.service_account)
        builder = self.settings.build_account or self.settings.service_account
        who = shared or f"services run as {self.settings.service_account}, builds and checks as {builder}"
        findings.append(Finding("account", shared is None or os.geteuid() != 0, who, "See above."))
        shown = [Finding("shown at the code host", *each) for each in examine_reports(self.ports)]
        return findings + self._examine_code_host() + shown + self._examine_hooks() + self._examine_policy()

    def _examine_code_host(self) -> list[Finding]:
        if not isinstance(self._code, AtGitHub):
            return []
        found = {"code host": self._code.examine()}
        if found["code host"].ok and (policy := policy_in_force(self.ports)):
            branches = (policy.staging.branch, policy.production.branch)
            found |= {f"rules of {branch}": self._code.examine_branch(branch) for branch in branches}
        if found["code host"].ok:
            found["rights at GitHub"] = self._code.examine_rights()
        findings = [Finding(what, access.ok, access.found, access.do) for what, access in found.items()]
        if not found["code host"].ok:
            return findings
        return [*findings, self._examine_protection(), *self._examine_webhook()]

    def _examine_protection(self) -> Finding:
        do = "`gate github check` tells all of it, `gate github setup` writes the rules."
        try:
            found = protecting.found(self.ports)
        except OutsideError as error:
            return Finding("protection", False, error.message, do)
        return Finding("protection", not found, protection_words.summed_up(found), do)

    def _examine_webhook(self) -> list[Finding]:
        """Nothing where none is wanted."""
        if not self.settings.hook_secrets.get("github"):
            return []
        try:
            found = hooking.found(self.ports)
        except OutsideError as error:
            return [Finding("webhook at GitHub", False, error.message, "It is looked at again with the next `doctor`.")]
        do = " ".join(dict.fromkeys(map(webhook_words.remedy, found)))
        return [Finding("webhook at GitHub", not found, webhook_words.summed_up(found), do)]

    def _examine_hooks(self) -> list[Finding]:
        now = self.ports.clock.now()
        return [
            Finding(f"webhooks of {lag.provider}", lag.is_well(now), words.lag(lag, now), words.mend(lag))
            for lag in self.lags()
        ]

    def _examine_policy(self) -> list[Finding]:
        policy = policy_in_force(self.ports)
        if policy is None:
            do = "`gate init` writes one; commit it to main, which the first import may do directly."
            return [Finding("policy", False, "main has no gate.yaml that can be read", do)]
        findings = [Finding("policy", True, f"{policy.product}: {', '.join(s.name for s in policy.services)}")]
        here = self.settings.repository or "git"
        if policy.repository != here:
            said = f"gate.yaml says that the code lives at {policy.repository}, and this installation reads {here}."
            findings.append(
                Finding("repository", False, said, "Correct repository.git there, or GATE_REPOSITORY here.")
            )
        for environment in Environment:
            problems = target_problems(self.ports, policy, environment)
            findings.append(
                Finding(environment, not problems, " ".join(problems) or "can be deployed to", "See above.")
            )
        at_render = [Finding(what, one.ok, one.found, one.do) for what, one in examine_render(self.ports, policy)]
        at_vercel = [Finding(what, one.ok, one.found, one.do) for what, one in examine_vercel(self.ports, policy)]
        return [*findings, *at_render, *at_vercel, self._examine_notifications(policy)]

    def _examine_notifications(self, policy: Policy) -> Finding:
        """Whether everybody can be reached who may be paged, and all whom gate.yaml says how to reach."""
        if not policy.notify.people and not policy.notify.channels:
            return Finding("notifications", False, telling_words.nobody_is_told(), telling_words.how_to_be_told())
        found = notifying.reach(self.ports, policy)
        problems = [one.problem for one in found if one.problem]
        said = " ".join(problems) or telling_words.can_be_reached(tuple(one.name for one in found))
        return Finding("notifications", not problems, said, telling_words.how_to_be_told())

    def _bridge(self) -> GitBridge:
        def authenticate(name: str, password: str) -> Actor | None:
            return tokens.authenticate(self.ports, password)

        return GitBridge(
            self.settings.state / REPOSITORY,
            "product",
            authenticate=authenticate,
            judge=lambda actor, updates: pushes.judge(self.ports, actor, updates),
            received=lambda actor, updates: pushes.received(self.ports, actor, updates),
        )

    def _look_on(self) -> None:
        """Pushes that nobody told us about, because we were not running or were killed, are found by looking, as is
        what webhooks hint at; and what has come due is done."""
        while not self._stopped.is_set():
            self._wake.clear()
            if self._try("look at the branches", lambda: hearing.look_again(self.ports, self.inbox)):
                self._looked_at = self.ports.clock.now()
            self._try("do what is due", lambda: ticking.tick(self.ports))
            self._try("ask for what was lost", self._find_lost)
            if self._wake.wait(LOOK_EVERY_SECONDS):
                self._stopped.wait(GATHER_SECONDS)

    def _find_lost(self) -> None:
        finding_lost.look(self.ports, self.inbox, self.settings.lost_every)

    def _try(self, what: str, do: Callable[[], None]) -> bool:
        """Whether it could be done. One that can not does not keep the others back: hours are no shorter while a code
        host is away."""
        try:
            do()
        except (OutsideError, SQLAlchemyError) as error:
            log.warning("could not %s, trying again: %s", what, error)
            return False
        return True

    def _tell_on(self) -> None:
        """People are told at once of what was committed; sending may take long, so nobody else waits for it."""
        while not self._stopped.is_set():
            self._news.clear()
            try:
                ticking.notify(self.ports)
            except (OutsideError, SQLAlchemyError) as error:
                log.warning("could not tell people what is to be told, trying again: %s", error)
            self._stopped.wait(TELL_AGAIN_SECONDS)
            self._news.wait(LOOK_EVERY_SECONDS)


def open_house(settings: Settings, clock: Clock | None = None) -> House:
    """Read, migrate, bind; nothing runs before `start`. The state folder is made where it is not there. Without a
    clock, the system's.

    Raises CanNotStart.
    """
    try:
        return _open(settings, clock or SystemClock())
    except (DatabaseProblem, NewerDatabase, OutsideError) as error:
        raise CanNotStart(str(error)) from error
    except DBAPIError as error:
        why = str(error.orig).partition("\n")[0]
        raise CanNotStart(f"The database ({settings.database_kind}) can not be used: {why}.") from error
    except OSError as error:
        raise CanNotStart(
            f"The state folder {settings.state} can not be used: {error.strerror} ({error.filename}). "
            "Mend that, or choose another: `gate up --state FOLDER`, or GATE_STATE."
        ) from error


def _open(settings: Settings, clock: Clock) -> House:
    settings.state.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.state, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(settings.state))
    if not settings.database_url:
        _keep_private(settings.state / DATABASE)
    database = connect(settings.database)
    upgrade(database)
    store = SqlStore(database, clock, nudge=lambda: house.nudge())  # noqa: PLW0108 - the house is made below
    bound = bind(settings, clock, store)
    house = House(settings, bound, Engine(database, bound.ports, clock), store)
    return house


def _keep_private(database: Path) -> None:
    """The services of this machine may look into our folder, but not into the record. SQLite's side files follow."""
    database.touch(mode=0o600)
    database.chmod(0o600)


def _below(prefix: str, application: Asgi) -> Asgi:
    async def below(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "root_path": scope.get("root_path", "") + prefix}, receive, send)

    return below
