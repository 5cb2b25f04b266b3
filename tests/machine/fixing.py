"""Procedure 3 in the alphabet: hotfixes, the bypasses of a closed gate, and what brings main back to staging."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.gate import Action
from staging_gate.runbook import bypassing, deciding, hotfixing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.policy import NoPolicy
from staging_gate.testing.repository import Files
from tests.machine.changing import BUT, HARMLESS
from tests.machine.releasing import Releasing
from tests.machine.stage import ANY, SOMEBODY, one_of, there_is

NAME = st.sampled_from(("h", "login"))
JUSTIFICATION = st.sampled_from(("nobody can log in, and it can not wait", "short"))
CODES = (
    "not_verified_in_staging",
    "not_tested_by_a_person",
    "critical_bugs",
    "release_in_preparation",
    "outside_window",
    "freeze",
    "approvals_missing",
    "hold",
    "way_back_unproved",
    "way_back_irreversible",
)


class Fixing(Releasing):
    @rule(by=SOMEBODY, name=NAME)
    def somebody_starts_a_hotfix(self, by: str, name: str) -> None:
        self.act(
            f"{by} starts the hotfix {name}",
            lambda: hotfixing.start(self.world.ports, name, self.world.person(by)),
            lambda: deciding.on_taking_part(self.world.ports, name, self.world.person(by)),
            besides=(Unusable,),
        )

    @rule(by=SOMEBODY, name=NAME, reason=st.sampled_from(("", "nobody can log in")))
    def somebody_opens_a_hotfix(self, by: str, name: str, reason: str) -> None:
        self.act(
            f"{by} opens the hotfix {name} ({reason or 'without a reason'})",
            lambda: hotfixing.open_hotfix(self.world.ports, name, reason, self.world.person(by)),
        )

    @there_is("open")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_has_a_hotfix_tried(self, by: str, which: int) -> None:
        change = one_of(self.now.open, which)
        self.act(
            f"{by} has change {change.number} tried in staging",
            lambda: hotfixing.prove(self.world.ports, change.number, self.world.person(by)),
            lambda: deciding.on_proving(self.world.ports, change, self.world.person(by)),
            besides=(Unusable,),
        )

    @rule(files=st.sampled_from(HARMLESS), by=st.sampled_from(("ada", "tess")), but=st.sampled_from(BUT))
    def a_hotfix_goes_to_production(self, files: Files, by: str, but: str) -> None:
        """As the runbook wants it, but for one thing."""
        self.somebody_starts_a_hotfix(by, "h")
        self.somebody_pushes(by, "hotfix/h", files, True)
        self.somebody_opens_a_hotfix(by, "h", "nobody can log in")
        found = [change for change in self.now.open if change.source == "hotfix/h" and change.target == "main"]
        if not found:
            return
        if but != "no approval":
            self.approve(found[0], by if but == "the author approves" else "theo", "tech_lead")
        self.happens_meanwhile(but, "hotfix/h", found[0])
        self.merge(found[0], by)

    @rule()
    def main_comes_back_to_staging(self) -> None:
        found = [change for change in self.now.open if (change.source, change.target) == ("main", "staging")]
        if not found:
            self.somebody_opens_a_change("ada", "main", "staging")
            found = [change for change in self.now.open if (change.source, change.target) == ("main", "staging")]
        for change in found:
            self.approve(change, "cleo")
            self.approve(change, "ben")
            self.merge(change, "ben")

    # --- bypasses ------------------------------------------------------------------------------------------------

    @there_is("subjects")
    @rule(by=SOMEBODY, which=ANY, code=st.sampled_from(CODES), why=JUSTIFICATION)
    def somebody_lets_a_reason_pass(self, by: str, which: int, code: str, why: str) -> None:
        self.let_pass(by, one_of(self.now.subjects, which), code, why)

    @there_is("subjects")
    @rule(which=ANY, by=st.sampled_from(("tess", "theo")), acts=st.booleans())
    def a_tech_lead_lets_everything_pass(self, which: int, by: str, acts: bool) -> None:
        """That can be passed; then it is done."""
        subject = one_of(self.now.subjects, which)
        with suppress(NoPolicy, Unknown):
            for reason in self.world.explain(subject, by).reasons:
                if reason.bypass:
                    self.let_pass(by, subject, reason.code, "it can not wait until that is right")
        release = next((one for one in self.now.releases if one.tag == subject), None)
        if acts and release is not None:
            self.publish(release, by)
        elif acts:
            self.merge(next(change for change in self.now.changes if str(change.number) == subject), by)

    @there_is("bypasses")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_takes_a_bypass_back(self, by: str, which: int) -> None:
        given = one_of(self.now.bypasses, which)
        self.act(
            f"{by} takes the bypass of {given.code} for {given.subject} back",
            lambda: bypassing.withdraw(self.world.ports, given.id, self.world.person(by)),
            lambda: deciding.on_withdrawing_bypass(self.world.ports, given, self.world.person(by)),
            besides=(Unusable,),
        )

    def let_pass(self, by: str, subject: str, code: str, why: str) -> None:
        given = self.act(
            f"{by} lets {code} pass for {subject}: {why}",
            lambda: bypassing.bypass(self.world.ports, subject, code, why, self.world.person(by)),
            self.explained(Action.BYPASS, subject, by, code=code),
            besides=(Unusable,),
        )
        if given:
            self.witness.let_pass(given.id, by, code)
