"""The World: the real procedures, engine, store and git repository, with fake outsides and a clock that is moved."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from staging_gate.adapters.git import GitCodeHost
from staging_gate.config import YamlPolicyReader
from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Revision
from staging_gate.domain.timeline import RunRecord, RunState
from staging_gate.engine import connect, reading, tables
from staging_gate.ports import Ports
from staging_gate.ports.code_host import TagOrder
from staging_gate.ports.deploy_target import DeployTarget
from staging_gate.ports.pushes import RefUpdate
from staging_gate.queries.deployments import timeline
from staging_gate.queries.explaining import explain
from staging_gate.runbook import (
    bypassing,
    changes,
    checking,  # noqa: F401 - procedures are known once they are imported
    deploy_staging,  # noqa: F401
    merging,
    proving_way_back,  # noqa: F401
    pushes,
    release_production,  # noqa: F401
    releasing,
    ticking,
)
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.roll_back import roll_back
from staging_gate.store import SqlStore, upgrade
from staging_gate.testing.fakes import Outsides
from staging_gate.testing.haste import in_a_hurry
from staging_gate.testing.killing import Kills, MortalEngine
from staging_gate.testing.outsides import ACTING, KilledStore, Reached
from staging_gate.testing.places import FakePlace
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.polling import eventually
from staging_gate.testing.repository import Files, OpenCodeHost, Repository, slug

REPOSITORY = "repository.git"
DATABASE = "gate.db"


class PushRefused(Exception):
    """What the pusher reads in the terminal: `lines`."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class SavedWorld:
    """A world put aside in a folder. Any number of worlds go on from it, each on its own."""

    folder: Path
    outsides: Outsides
    kind: "type[World]"

    def open(self, folder: Path, database: str | None = None) -> "World":
        """Go on from here in an empty folder. `database` is the address of a copy of its database, where that was no
        SQLite file."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return self.kind(folder, database, self.outsides.copy())


class World:
    """In a folder of its own. Verbs take names of people (`by="ada"`), who have the roles of the policy in force;
    `root` is the administrator.

    `staging` and `production` say what goes wrong there and what is live; `ports` are what faces call procedures with.
    """

    provider = "local"
    """Of its targets."""

    def __init__(self, folder: Path, database: str | None = None, outsides: Outsides | None = None) -> None:
        self.folder = folder
        self.outsides = outsides or Outsides()
        self.clock, self.logs = self.outsides.clock, self.outsides.logs
        self.target, self.checks, self.smoke = self.outsides.target, self.outsides.checks, self.outsides.smoke
        self.notices = self.outsides.notices
        self.way_back = self.outsides.way_back
        self.staging = FakePlace(Environment.STAGING, self.target, self.smoke)
        self.production = FakePlace(Environment.PRODUCTION, self.target, self.smoke)
        self.kills = Kills()
        self.repository, self.code_host = self._open_code()
        self._database = in_a_hurry(connect(database or f"sqlite:///{folder / DATABASE}"))
        self.store = SqlStore(self._database, self.clock, nudge=self._nudge)
        self.ports = Ports(
            clock=self.clock,
            store=self.store,
            code_host=self.code_host,
            targets={self.provider: self._deploy_target()},
            checks=self.checks,
            smoke=self.smoke,
            logs=self.logs,
            notifier=self.notices,
            policy=YamlPolicyReader(),
            way_back=self.way_back,
            **self._more_ports(),
        )
        self.away = {name: Reached(name, self._outside(name), ACTING[name], self.kills) for name in ACTING}
        self.engine = self._new_engine()
        self.engine.start()

    @classmethod
    def begin(cls, folder: Path, policy: str | None = "", database: str | None = None) -> "World":
        """A new one: main and staging hold a first import, with the policy (None: without one; "": the usual one)."""
        cls._make_code(folder)
        new = in_a_hurry(connect(database or f"sqlite:///{folder / DATABASE}"))
        upgrade(new)
        new.dispose()
        world = cls(folder, database)
        files = {"README.md": "marketedge\n", "app/main.py": "print('hello')\n"}
        text = gate_yaml() if policy == "" else policy
        first = world.repository.commit(
            None,
            files if text is None else {**files, "gate.yaml": text},
            "chore: first import",
            "root",
            world.clock.now(),
        )
        for branch in ("main", "staging"):
            world.repository.move(f"refs/heads/{branch}", first)
        return world

    def save(self) -> SavedWorld:
        """Put this world aside, for others to go on from; it has ended."""
        self.settle()
        self.close()
        return SavedWorld(self.folder, self.outsides, type(self))

    def close(self) -> None:
        self.engine.stop()
        self._database.dispose()
        self.code_host.close()

    # --- time and death ------------------------------------------------------------------------------------------

    def advance(self, **lengths: float) -> None:
        """`advance(minutes=15)`: the clock moves, then what is due is done."""
        self.clock.advance(**lengths)
        ticking.tick(self.ports)
        ticking.notify(self.ports)
        ticking.report(self.ports)
        self.settle()

    def settle(self, within: float = 20.0) -> None:
        """Wait until nothing is left to do. Where we died meanwhile, come back and go on."""
        eventually(self._settled, within, every=0)

    def restart(self) -> None:
        """A new engine on the same database, the old one gone."""
        if self.kills.died.is_set():
            eventually(self.engine.dead)
        self.engine.stop()
        self.kills.died.clear()
        self.engine = self._new_engine()
        self.engine.start()

    # --- people and their git ------------------------------------------------------------------------------------

    def person(self, name: str) -> Actor:
        if name == "root":
            return Actor(name, roles=frozenset({"admin"}))
        policy = policy_in_force(self.ports)
        return Actor(name, roles=policy.roles_of(name) if policy else frozenset())

    def push(self, branch: str, files: Files, by: str = "ada", message: str = "", since: str = "staging") -> Revision:
        """Commit on a branch, a new one begins `since` another or a commit, and push it. Raises PushRefused."""
        known = self.code_host.branches()
        parent = known.get(branch) or known.get(since) or self.revision(since).commit
        commit = self.repository.commit(parent, files, message or f"feat: {branch}", by, self.clock.now())
        update = RefUpdate(f"refs/heads/{branch}", known.get(branch), commit, "commit", commit)
        self._judge(by, update)
        self.repository.move(update.ref, commit, by)
        pushes.received(self.ports, self.person(by), [update])
        return self.revision(commit)

    def push_tag(self, tag: str, at: str = "main", by: str = "dora", message: str | None = "because") -> None:
        """Push a tag through the gate, annotated unless `message` is None. Raises PushRefused."""
        commit, existing = self.revision(at).commit, self.code_host.tags().get(tag)
        kind = "commit" if message is None else "tag"
        update = RefUpdate(f"refs/tags/{tag}", existing.commit if existing else None, commit, kind, commit)
        self._judge(by, update)
        if message is None:
            self.repository.move(update.ref, commit)
        else:
            self.code_host.create_tag(TagOrder(tag, commit, message, by, self.clock.now()))
        pushes.received(self.ports, self.person(by), [update])

    # --- the runbook, in a few words -----------------------------------------------------------------------------

    def change(
        self,
        title: str = "feat: dark mode",
        files: Files | None = None,
        by: str = "ada",
        branch: str = "",
        to: str = "staging",
        reason: str = "",
        since: str = "",
    ) -> Change:
        """Push a branch that begins where it goes `to`, or `since` a commit, and open a change; its checks have run."""
        branch = branch or "feature/" + slug(title)
        self.push(branch, files or {f"app/{slug(title)}.py": f"# {title}\n"}, by, title, since=since or to)
        opened = changes.open_change(self.ports, branch, to, self.person(by), reason=reason)
        self.settle()
        return self.look(opened)

    def approve(self, change: Change, by: str = "ben", role: str = "review") -> None:
        changes.approve(self.ports, change.number, role, self.person(by))

    def bypass(self, change: Change, code: str, by: str = "tess") -> None:
        bypassing.bypass(self.ports, str(change.number), code, "somebody waits for just this change", self.person(by))

    def merge(self, change: Change, by: str = "ben", method: MergeMethod | None = None) -> Change:
        """Merge, and everything that follows from it. Raises Closed."""
        merging.merge(self.ports, change.number, method, self.person(by))
        self.settle()
        return self.look(change)

    def ship_to_staging(
        self, title: str = "feat: dark mode", files: Files | None = None, tested: bool = True
    ) -> Change:
        """Procedure 1: a feature of ada's, reviewed and merged by ben, deployed, and tried by cleo. tess agrees to
        other rules, and lets it pass a release in preparation."""
        change = self.change(title, files)
        self.approve(change)
        if "gate.yaml" in (files or {}):
            self.approve(change, "tess", "tech_lead")
        if self.explain(str(change.number), "ben").codes == ("release_in_preparation",):
            self.bypass(change, "release_in_preparation")
        merged = self.merge(change)
        if tested:
            changes.mark_tested(self.ports, change.number, self.person("cleo"))
        return merged

    def hotfix(self, title: str = "fix: login", files: Files | None = None, by: str = "ada") -> Change:
        """Procedure 3 up to the merge: from what production runs, approved by tess; staging has tried it."""
        live = self.live(Environment.PRODUCTION)
        assert live
        branch = "hotfix/" + slug(title)
        self.push(branch, files or {f"app/{slug(title)}.py": f"# {title}\n"}, by, title, since=live.revision.commit)
        change = changes.open_change(self.ports, branch, "main", self.person(by), reason="nobody can log in")
        self.settle()
        self.approve(change, "tess", "tech_lead")
        self.settle()
        return self.look(change)

    def prepare_release(self, tag: str | None = None, merged: bool = True) -> Change:
        """Procedure 2 up to the merge: opened by ada, approved by tess and stan, merged by tess."""
        release = releasing.open_release(self.ports, self.person("ada"), tag)
        self.settle()
        change = changes.get(self.ports, release.change or 0)
        self.approve(change, "tess", "tech_lead")
        self.approve(change, "stan", "stakeholder")
        return self.merge(change, "tess") if merged else change

    def publish(self, tag: str, by: str = "tess") -> Deployment:
        """Procedure 2 from the tag on; the production deployment that came of it."""
        releasing.publish(self.ports, tag, self.person(by))
        self.settle()
        with self.store.reading() as tx:
            return tx.deployments.of_release(tag)[0]

    def release(self, tag: str, title: str = "feat: dark mode", files: Files | None = None) -> Deployment:
        """Procedures 1 and 2: a feature, all the way to production."""
        self.ship_to_staging(f"{title} for {tag}", files)
        self.prepare_release(tag)
        return self.publish(tag)

    def roll_back(
        self, to: str | None = None, reason: str = "prices are wrong", by: str = "dora", **how: Any
    ) -> Deployment:
        """Procedure 4; `how` is `back` or `through_provider`. Raises Closed."""
        ordered = roll_back(self.ports, to, reason, self.person(by), **how)
        self.settle()
        return self.deployment(ordered.id)

    def explain(
        self, subject: str, by: str, action: Action | None = None, role: str = "review", code: str = ""
    ) -> Decision:
        """As the API does it."""
        changes.look_again(self.ports, subject)
        return explain(self.ports, subject, self.person(by), action, role, code)

    # --- what is there -------------------------------------------------------------------------------------------

    def look(self, change: Change) -> Change:
        """A change as it is now."""
        return changes.get(self.ports, change.number)

    def revision(self, ref: str) -> Revision:
        found = self.code_host.revision(ref)
        assert found, f"there is no {ref}"
        return found

    def deployment(self, id: str) -> Deployment:
        with self.store.reading() as tx:
            found = tx.deployments.get(id)
        assert found, f"there is no deployment {id}"
        return found

    def deployments(self, environment: Environment) -> list[Deployment]:
        """Oldest first."""
        with self.store.reading() as tx:
            return tx.deployments.recent(environment, 500)[::-1]

    def live(self, environment: Environment) -> Deployment | None:
        """By our own record; `world.production.live()` is what really receives the traffic."""
        with self.store.reading() as tx:
            return tx.deployments.live(environment)

    def steps(self, deployment: str) -> list[str]:
        """The steps of a deployment as its timeline shows them."""
        shown = timeline(self.ports, deployment)
        return [step.name for step in shown.steps] if shown else []

    def record(self, subject: str | None = None) -> list[tuple[str, str, str]]:
        """(actor, action, reason) of the entries about a subject, or of all."""
        with self.store.reading() as tx:
            entries = tx.audit_log.about(subject) if subject else list(tx.audit_log.entries())
        return [(entry.actor, entry.action, entry.reason) for entry in entries]

    def stuck(self) -> list[RunRecord]:
        """Runs that broke: there are none, unless a story breaks them."""
        with reading(self._database) as connection:
            broken = connection.execute(select(tables.run).where(tables.run.c.state == RunState.STUCK))
            return [tables.run_record(row) for row in broken]

    # --- inside --------------------------------------------------------------------------------------------------

    @classmethod
    def _make_code(cls, folder: Path) -> None:
        GitCodeHost.create(folder / REPOSITORY).close()

    def _open_code(self) -> tuple[Repository, OpenCodeHost]:
        """The repository as people reach it, and as we do."""
        path = self.folder / REPOSITORY
        return Repository(path), GitCodeHost(path)

    def _deploy_target(self) -> DeployTarget:
        return self.target

    def _new_engine(self) -> MortalEngine:
        return MortalEngine(self._database, self._mortal_ports(), self.clock, kills=self.kills, lease_lost=lambda: None)

    def _mortal_ports(self) -> Ports:
        """As runs reach them, which can die around every call."""
        return replace(
            self.ports,
            store=cast(Any, KilledStore(self.store, self.kills)),
            code_host=cast(Any, self.away["code host"]),
            targets={self.provider: cast(Any, self.away["deploy target"])},
            checks=cast(Any, self.away["checks"]),
            smoke=cast(Any, self.away["smoke tests"]),
            way_back=cast(Any, self.away["way back"]),
            **self._more_ports(mortal=True),
        )

    def _more_ports(self, mortal: bool = False) -> Mapping[str, Any]:
        return {}

    def _nudge(self) -> None:
        self.engine.nudge()  # the one of now: there may have been others

    def _outside(self, name: str) -> object:
        outsides: Mapping[str, object] = {
            "deploy target": self.target,
            "code host": self.code_host,
            "checks": self.checks,
            "smoke tests": self.smoke,
            "way back": self.way_back,
        }
        return outsides[name]

    def _settled(self) -> bool:
        if self.kills.died.is_set():
            self.restart()
        return self.engine.idle(within=1.0) and not self.kills.died.is_set()

    def _judge(self, by: str, update: RefUpdate) -> None:
        refusals = pushes.judge(self.ports, self.person(by), [update])
        if refusals:
            raise PushRefused(refusals)
