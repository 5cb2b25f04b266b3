"""An independent model of what may happen: it judges from what people did, from git, and from what the fake outsides
remember. It never asks our own gate, and believes our record only where that speaks against us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from staging_gate.domain.audit import verify_chain
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.runbook.reconcile import differences
from staging_gate.testing.deploy_target import Sent
from staging_gate.testing.world import World

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
BRANCHES = ("main", "staging")

Rules = Mapping[str, Any]


@dataclass(frozen=True)
class Yes:
    """A person's approval of a tree, given in a role: to a change, or to what staging ran (None)."""

    change: int | None
    by: str
    role: str
    tree: str


@dataclass(frozen=True)
class Open:
    """An open change as it is before somebody acts: `tree` is its branch's, `pusher` who pushed that."""

    change: Change
    tree: str
    pusher: str | None


@dataclass
class Witness:
    """`approved` are the trees that main got in the right way, or had at the beginning."""

    world: World
    approved: set[str] = field(default_factory=set)
    proved_live: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    _yes: list[Yes] = field(default_factory=list)
    _pushers: dict[str, str] = field(default_factory=dict)
    _open: dict[int, Open] = field(default_factory=dict)
    _bypasses: dict[str, tuple[str, str]] = field(default_factory=dict)
    _merged: set[int] = field(default_factory=set)
    _heads: dict[str, str | None] = field(default_factory=dict)
    _rules: Rules | None = None
    _seen: int = 0
    _before: object = None
    _trees: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.approved = {self._tree(commit.id) for commit in self.world.code_host.commits(None, "main")}
        for sent in self._sent():
            self._remember_what_was_live(sent)
        self._seen = len(self._sent())
        self._merged = {change.number for change in self._changes() if change.state is ChangeState.MERGED}
        self._prepare()

    # --- what people do ------------------------------------------------------------------------------------------

    def pushed(self, branch: str, by: str) -> None:
        self._pushers[branch] = by
        self._prepare()

    def said_yes(self, change: int, by: str, role: str) -> None:
        self._yes.append(Yes(change, by, role, self._open[change].tree))

    def took_it_back(self, change: int, by: str) -> None:
        self._yes = [yes for yes in self._yes if (yes.change, yes.by) != (change, by)]

    def said_yes_to_staging(self, by: str, role: str) -> None:
        self._yes.append(Yes(None, by, role, self._tree_in_staging()))

    def took_back_staging(self, by: str) -> None:
        gone = (None, by, self._tree_in_staging())
        self._yes = [yes for yes in self._yes if (yes.change, yes.by, yes.tree) != gone]

    def let_pass(self, id: str, by: str, code: str) -> None:
        self._bypasses[id] = (by, code)

    def moved_by_hand(self, branch: str) -> None:
        """Somebody behind our back."""
        self.by_hand.add(self.world.code_host.branches().get(branch, ""))
        self._prepare()

    # --- what must be true after each act ------------------------------------------------------------------------

    def look(self) -> None:
        if self._nothing_happened():
            return
        self._look_at_merges()
        self._look_at_branches()
        self._look_at_traffic()
        self._look_at_the_record()
        for environment in Environment:
            self._look_at_what_is_live(environment)
        self._prepare()

    def _nothing_happened(self) -> bool:
        """By what everything leaves behind: entries of the record, branches, traffic."""
        with self.world.store.reading() as tx:
            now = (tx.audit_log.head(), self.world.code_host.branches(), len(self._sent()))
        self._before, before = now, self._before
        return now == before

    def can_go_back_to(self, tag: str) -> bool:
        """Whether production proved this release once, it was not marked bad, and is not what is live."""
        with self.world.store.reading() as tx:
            live, quarantines = tx.deployments.live(PRODUCTION), tx.releases.quarantines()
            release = tx.releases.get(tag)
        if release is None or release.revision is None or release.verified_at is None:
            return False
        bad = any(release.revision.tree == q.tree or tag == q.tag for q in quarantines)
        return not bad and (live is None or live.revision.commit != release.revision.commit)

    @property
    def has_rules(self) -> bool:
        return self._rules is not None

    def brings_the_first_rules(self, branch: str) -> bool:
        commit = self.world.code_host.branches().get(branch)
        return self._rules is None and commit is not None and self._rules_of(commit) is not None

    # --- merges --------------------------------------------------------------------------------------------------

    def _look_at_merges(self) -> None:
        for change in self._changes():
            if change.state is ChangeState.MERGED and change.number not in self._merged:
                self._merged.add(change.number)
                self._judge_merge(change)

    def _judge_merge(self, change: Change) -> None:
        assert change.merged, f"change {change.number} is merged, but into what?"
        before = self._open.get(change.number)
        assert before, f"change {change.number} was merged in the act that opened it"
        lane = self._lane(change.target)
        if lane is not None:
            self._judge_approvals(before, {"tech_lead or on_call": 1} if change.goes_alone else lane["approvals"])
            self._judge_checks(change, lane)
        if change.target == "main":  # what goes to production: of a hotfix just its head
            self.approved.add(before.tree if change.goes_alone else change.merged.tree)

    def _judge_approvals(self, before: Open, wanted: Mapping[str, int]) -> None:
        """Every place is filled by another person, who is neither the author nor the last pusher."""
        number, author = before.change.number, before.change.author
        asked = (number, None) if before.change.is_release else (number,)
        given = [yes for yes in self._yes if yes.change in asked and yes.tree == before.tree]
        others = [yes for yes in given if yes.by not in (author, before.pusher)]
        places = [role for role, count in wanted.items() for _ in range(count)]
        assert _can_fill(places, others), (
            f"change {number} of {author}, last pushed by {before.pusher}, was merged, where {dict(wanted)} are "
            f"needed, with {given}"
        )

    def _judge_checks(self, change: Change, lane: Rules) -> None:
        assert change.merged
        tree = change.head.tree if change.goes_alone else change.merged.tree
        for check in lane.get("checks", ()):
            passed = (tree, check) in self.world.checks.passed
            assert passed, f"change {change.number} was merged, but {check} never passed on what came of it"

    def _look_at_branches(self) -> None:
        """Nobody but who merged, and who acts behind our back, moves them."""
        known = {change.merged.commit for change in self._changes() if change.merged}
        branches = self.world.code_host.branches()
        for branch in BRANCHES:
            now = branches.get(branch)
            moved = now != self._heads.get(branch)
            assert not moved or now in known | self.by_hand, f"{branch} was moved to {now}, which no merge made"

    # --- traffic -------------------------------------------------------------------------------------------------

    def _look_at_traffic(self) -> None:
        news = self._sent()[self._seen :]
        self._seen += len(news)
        for sent in news:
            if sent.environment is PRODUCTION and sent.commit is not None:
                self._judge_live(sent, self._tree(sent.commit))
            self._remember_what_was_live(sent)

    def _judge_live(self, sent: Sent, tree: str) -> None:
        if self.world.deployment(sent.deployment).is_rollback:
            assert tree in self.proved_live, f"{sent.deployment} brought back {tree}, which was never proved"
            return
        assert tree in self.approved, f"{sent.deployment} brought {tree} to production, approved by nobody else"
        with self.world.store.reading() as tx:
            verified = tx.deployments.verification(STAGING, tree)
        if verified is not None:
            assert verified.deployment in self._proofs(STAGING, tree), f"{verified} is on the record, but never was"
        else:
            self._judge_bypass("not_verified_in_staging", tree, f"{sent.deployment} brought {tree} to production")

    def _judge_bypass(self, code: str, tree: str, what: str) -> None:
        """Somebody else than who had a hand in it let it pass, once, not for ever, and the record says so."""
        with self.world.store.reading() as tx:
            known = [one for one in tx.bypasses.recent(500) if (one.code, one.tree) == (code, tree) and one.used_at]
            assert known, f"{what}, {code}, and no bypass says so"
            for one in known:
                assert one.used_at and one.at <= one.used_at < one.expires_at, f"{what} by {one}"
                assert self._bypasses.get(one.id) == (one.by, one.code), f"{what} by {one}, which nobody gave"
                said = [entry for entry in tx.audit_log.about(one.subject) if entry.data.get("bypass") == one.id]
                used = [entry for entry in said if entry.action == "bypass used"]
                assert len(used) == 1, f"{one} was used {len(used)} times"
                assert tx.followups.about(one.id), f"nobody has to review {one}"

    def _remember_what_was_live(self, sent: Sent) -> None:
        if sent.environment is PRODUCTION and sent.commit is not None:
            tree = self._tree(sent.commit)
            if self._proved(PRODUCTION, tree):
                self.proved_live.add(tree)

    def _proved(self, environment: Environment, tree: str) -> bool:
        return bool(self._proofs(environment, tree))

    def _proofs(self, environment: Environment, tree: str) -> set[str]:
        """The deployments in which every service of this tree got the traffic and passed its tests in public."""
        there = [sent for sent in self._sent() if sent.environment is environment and sent.commit]
        same = [sent for sent in there if self._tree(sent.commit or "") == tree]
        passed = {(of, service) for of, service, where in self.world.smoke.passed if where == "public"}
        found = set()
        for deployment in {sent.deployment for sent in same}:
            moved = {sent.service for sent in same if sent.deployment == deployment}
            wanted = self._services(next(s.commit for s in same if s.deployment == deployment) or "")
            if wanted <= moved and all((deployment, service) in passed for service in wanted):
                found.add(deployment)
        return found

    # --- the record ----------------------------------------------------------------------------------------------

    def _look_at_the_record(self) -> None:
        with self.world.store.reading() as tx:
            report = verify_chain(tx.audit_log.entries())
            states = [d.state for environment in Environment for d in tx.deployments.recent(environment, 500)]
        assert report.intact, report.why
        assert not [state for state in states if state.occupies], "nothing goes on, but an environment is occupied"
        assert self.world.target.overlaps() == []
        assert self.world.stuck() == []

    def _look_at_what_is_live(self, environment: Environment) -> None:
        live = self.world.live(environment)
        if live is None:
            return
        for service in self._services(live.revision.commit):
            traffic = self.world.target.route(environment, service).traffic
            found = traffic.commit if traffic else None
            if found != live.revision.commit:
                self._must_be_known(environment, service, f"{live.id} is live by our record, but {found} in fact")

    def _must_be_known(self, environment: Environment, service: str, what: str) -> None:
        """Only where the way back failed too, or our own machine broke; and then everybody is shown it."""
        last = self.world.deployments(environment)[-1].state
        assert last in (DeploymentState.FAILED, DeploymentState.ERRORED), what
        assert f"{environment} {service}" in [one.subject for one in differences(self.world.ports)], what

    # --- inside --------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """What there is before the next act."""
        branches = self.world.code_host.branches()
        self._heads = {branch: branches.get(branch) for branch in BRANCHES}
        self._rules = self._rules_of("main")
        self._open = {
            change.number: Open(change, self._tree(branches[change.source]), self._pushers.get(change.source))
            for change in self._changes()
            if change.is_open and change.source in branches
        }

    def _changes(self) -> list[Change]:
        with self.world.store.reading() as tx:
            return tx.changes.recent(500)

    def _sent(self) -> list[Sent]:
        return self.world.target.known.sent

    def _tree(self, commit: str) -> str:
        if commit not in self._trees:
            self._trees[commit] = self.world.revision(commit).tree
        return self._trees[commit]

    def _tree_in_staging(self) -> str:
        live = self.world.live(STAGING)
        return live.revision.tree if live else ""

    def _lane(self, branch: str) -> Rules | None:
        if self._rules is None:
            return None
        return next((lane for lane in self._rules["flow"].values() if lane["branch"] == branch), None)

    def _services(self, commit: str) -> set[str]:
        rules = self._rules_of(commit) or self._rules or {"services": {}}
        return set(rules["services"])

    def _rules_of(self, ref: str) -> Rules | None:
        revision = self.world.code_host.revision(ref)
        text = self.world.code_host.file(revision.commit, "gate.yaml") if revision else None
        try:
            found = yaml.load(text, yaml.CSafeLoader) if text is not None else None
        except yaml.YAMLError:
            return None
        return found if isinstance(found, dict) else None


def _can_fill(places: Sequence[str], given: Sequence[Yes]) -> bool:
    """Whether each place has somebody of its own who said yes in that role."""
    if not places:
        return True
    able = {yes.by for yes in given if yes.role in places[0].split(" or ")}
    return any(_can_fill(places[1:], [yes for yes in given if yes.by != by]) for by in able)
