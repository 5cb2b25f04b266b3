"""Procedure 1 in the alphabet: pushes, changes, approvals, checks, merges."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.policy import MergeMethod
from staging_gate.runbook import approving, changes, checking, deciding, merging
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.repository import Files
from tests.machine.stage import ANY, SOMEBODY, WAITS, Answer, Stage, one_of, there_is
from tests.machine.tales import rules

BRANCHES = ("feature/a", "feature/b", "hotfix/h", "staging", "main")
HARMLESS: tuple[Files, ...] = (
    {"app/a.py": "a\n"},
    {"app/b.py": "b\n"},
    {"README.md": "one way\n"},
    {"README.md": "another way\n"},
    {"app/main.py": None},
    {
        "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
        "migrations/versions/0001_notes.py": "revision = '0001'\n",
    },
)
FILES = (
    *HARMLESS,
    {"smoke/api.py": "assert True\n"},
    {"gate.yaml": rules()},
    {"gate.yaml": rules(services=("api", "web"))},
    {"gate.yaml": rules(staging={"approvals": {"review": 2}})},
    {"gate.yaml": "product: [\n"},
)
BUT = (
    "nothing",
    "nothing",
    "nobody tries it",
    "no approval",
    "the author approves",
    "somebody pushes",
    "a reviewer pushes",
    "approvals are taken back",
)
"""What is not as the runbook wants it."""
ROLE = st.sampled_from(("review", "tech_lead", "stakeholder"))
METHOD = st.sampled_from((None, MergeMethod.MERGE, MergeMethod.SQUASH))


class Changing(Stage):
    @rule(by=SOMEBODY, branch=st.sampled_from(BRANCHES), files=st.sampled_from(FILES), main=st.booleans())
    def somebody_pushes(self, by: str, branch: str, files: Files, main: bool) -> None:
        since = "main" if main or branch.startswith("hotfix/") else "staging"
        if {branch, since}.isdisjoint(self.world.code_host.branches()):
            return
        pushed = self.act(
            f"{by} pushes {' '.join(files)} to {branch} (from {since})",
            lambda: self.world.push(branch, files, by, since=since),
        )
        if pushed:
            self.witness.pushed(branch, by)

    @rule(by=SOMEBODY, branch=st.sampled_from(BRANCHES), to=st.sampled_from(("staging", "main")))
    def somebody_opens_a_change(self, by: str, branch: str, to: str) -> None:
        ports = self.world.ports
        first = to == "main" and self.witness.brings_the_first_rules(branch)
        self.act(
            f"{by} opens a change from {branch} to {to}",
            lambda: changes.open_change(ports, branch, to, self.world.person(by)),
            lambda: deciding.on_opening(ports, branch, to, first, self.world.person(by)),
            besides=(Unknown, Unusable),
        )

    @there_is("changes")
    @rule(by=SOMEBODY, which=ANY, role=ROLE, late=st.booleans())
    def somebody_approves(self, by: str, which: int, role: str, late: bool) -> None:
        self.approve(self._one(which, late), by, role)

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_takes_an_approval_back(self, by: str, which: int) -> None:
        self.take_back(one_of(self.now.open, which), by)

    @there_is("changes")
    @rule(by=SOMEBODY, which=ANY, method=METHOD, late=st.booleans())
    def somebody_merges(self, by: str, which: int, method: MergeMethod | None, late: bool) -> None:
        self.merge(self._one(which, late), by, method)

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY, on=st.booleans())
    def somebody_has_it_merged_when_ready(self, by: str, which: int, on: bool) -> None:
        number, person = one_of(self.now.open, which).number, self.world.person(by)
        if not on:
            self.act(
                f"{by} does not want change {number} merged any more",
                lambda: merging.do_not_merge(self.world.ports, number, person),
                lambda: deciding.on_taking_part(self.world.ports, f"change {number}", person),
                besides=(Unusable,),
            )
            return
        self.act(
            f"{by} wants change {number} merged as soon as that is possible",
            lambda: merging.merge_when_ready(self.world.ports, number, None, person) or WAITS,
            lambda: self.explain_when_ready(one_of(self.now.open, which), by),
        )

    @rule(by=SOMEBODY, role=ROLE, back=st.booleans())
    def somebody_approves_what_staging_runs(self, by: str, role: str, back: bool) -> None:
        if back:
            self.act(
                f"{by} takes approvals of what staging runs back",
                lambda: approving.withdraw_from_staging(self.world.ports, self.world.person(by)),
            )
            self.witness.took_back_staging(by)
            return
        given = self.act(
            f"{by} approves what staging runs, as {role}",
            lambda: approving.approve_staging(self.world.ports, role, self.world.person(by)),
            lambda: deciding.on_approving_staging(self.world.ports, role, self.world.person(by)),
            besides=(Unusable,),
        )
        if given:
            self.witness.said_yes_to_staging(by, role)

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_closes_a_change(self, by: str, which: int) -> None:
        change = one_of(self.now.open, which)
        self.act(
            f"{by} closes change {change.number}",
            lambda: changes.close(self.world.ports, change.number, self.world.person(by)),
            lambda: self.explain_closing(change, by),
        )

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_has_checks_run_again(self, by: str, which: int) -> None:
        change = one_of(self.now.open, which)
        self.act(
            f"{by} has the checks of change {change.number} run again",
            lambda: checking.recheck(self.world.ports, self.world.look(change), self.world.person(by)),
        )

    @there_is("changes")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_tries_a_change(self, by: str, which: int) -> None:
        self.try_out(one_of(self.now.changes, which), by)

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY, urgent=st.booleans())
    def somebody_says_that_it_is_urgent(self, by: str, which: int, urgent: bool) -> None:
        number, words = one_of(self.now.open, which).number, ("hotfix", "urgent")
        add, remove = (words, ()) if urgent else ((), words)
        self.act(
            f"{by} says that change {number} is {'' if urgent else 'not '}urgent",
            lambda: changes.label(self.world.ports, number, add, remove, self.world.person(by)),
        )

    @rule(files=st.sampled_from(FILES[:6]), by=st.sampled_from(("ada", "tess")), but=st.sampled_from(BUT))
    def a_change_goes_to_staging(self, files: Files, by: str, but: str) -> None:
        """As the runbook wants it, but for one thing."""
        self.somebody_pushes(by, "feature/a", files, False)
        self.somebody_opens_a_change(by, "feature/a", "staging")
        found = [change for change in self.now.open if change.source == "feature/a"]
        if not found:
            return
        for reviewer in {"no approval": (), "the author approves": (by,)}.get(but, ("cleo", "theo")):
            self.approve(found[0], reviewer)
            self.approve(found[0], reviewer, "tech_lead")
        self.happens_meanwhile(but, "feature/a", found[0])
        self.merge(found[0], by)
        if but != "nobody tries it":
            self.try_out(found[0], "cleo")

    def happens_meanwhile(self, but: str, branch: str, change: Change) -> None:
        """Between the approvals and the merge."""
        if but == "somebody pushes":
            self.somebody_pushes("ben", branch, {"app/more.py": "more\n"}, False)
        elif but == "a reviewer pushes":
            self.somebody_pushes("cleo", branch, {"app/more.py": "more\n"}, False)
            self.approve(self.world.look(change), "cleo")
        elif but == "approvals are taken back":
            for reviewer in ("cleo", "theo", "stan"):
                self.take_back(change, reviewer)

    # --- what they are made of -----------------------------------------------------------------------------------

    def approve(self, change: Change, by: str, role: str = "review") -> None:
        ports = self.world.ports
        given = self.act(
            f"{by} approves change {change.number} as {role}",
            lambda: changes.approve(ports, change.number, role, self.world.person(by)),
            self.explained(Action.APPROVE, change.number, by, role),
        )
        if given:
            self.witness.said_yes(change.number, by, role)

    def take_back(self, change: Change, by: str) -> None:
        self.act(
            f"{by} takes approvals of change {change.number} back",
            lambda: changes.withdraw_approval(self.world.ports, change.number, self.world.person(by)),
        )
        self.witness.took_it_back(change.number, by)

    def merge(self, change: Change, by: str, method: MergeMethod | None = None) -> None:
        ports = self.world.ports
        began = self.act(
            f"{by} merges change {change.number} ({method or 'as usual'})",
            lambda: merging.merge(ports, change.number, method, self.world.person(by)),
            lambda: self.explain_merge(change, method, by),
        )
        if began:
            now = self.world.look(change)
            assert now.state is ChangeState.MERGED, f"change {change.number} was let through, and is {now.state}"

    def explain_merge(self, change: Change, method: MergeMethod | None, by: str) -> Decision:
        changes.look_again(self.world.ports, str(change.number))
        now = self.world.look(change)
        if method is None or now.method is not None:
            return self.explained(Action.PROMOTE if change.is_release else Action.MERGE, change.number, by)()
        return deciding.on_merging(self.world.ports, now, method, self.world.person(by))

    def explain_when_ready(self, change: Change, by: str) -> Decision | Answer:
        now = self.explain_merge(change, None, by)
        later = self.explained(Action.MERGE_WHEN_READY, change.number, by)()
        return now if now.open else WAITS if later.open else later

    def explain_closing(self, change: Change, by: str) -> Decision:
        """Whoever closes the change of a release withdraws the release."""
        if change.release is not None:
            return self.explained(Action.WITHDRAW, change.release, by)()
        return deciding.on_taking_part(self.world.ports, f"change {change.number}", self.world.person(by))

    def try_out(self, change: Change, by: str) -> None:
        self.act(
            f"{by} says that change {change.number} was tried",
            lambda: changes.mark_tested(self.world.ports, change.number, self.world.person(by)),
            lambda: deciding.on_taking_part(self.world.ports, f"change {change.number}", self.world.person(by)),
            besides=(Unusable,),
        )

    def _one(self, which: int, late: bool) -> Change:
        """An open change, unless somebody is late or there is none."""
        return one_of(self.now.changes if late or not self.now.open else self.now.open, which)
