"""Procedure 4 in the alphabet, and all that people do to what runs: rollbacks, holds, quarantines, incidents."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action
from staging_gate.domain.going_back import NO_WISH, Wish
from staging_gate.domain.incident import Incident, Severity
from staging_gate.domain.release import Hold
from staging_gate.domain.way_back import Loss
from staging_gate.runbook import cancelling, deciding, holding, incidents
from staging_gate.runbook import roll_back as procedure
from staging_gate.runbook.cancelling import TooLate
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.redeploying import redeploy
from tests.machine.fixing import Fixing
from tests.machine.stage import ANY, SOMEBODY, one_of, there_is

ENVIRONMENT = st.sampled_from(tuple(Environment))
NO_MATTER_OF_TIME = {"no_right", "no_policy", "no_rollback_target", "quarantined", "already_live"}
NO_MATTER_OF_TIME |= {"way_back_unknown", "way_back_irreversible", "loses_data"}
"""The only reasons for which a rollback may be refused."""
OPERATORS = ("tess", "theo", "dora", "root")


class Running(Fixing):
    @rule(by=SOMEBODY, which=ANY, to=st.sampled_from(("the last", "a release", "so many back")), provider=st.booleans())
    def somebody_rolls_back(self, by: str, which: int, to: str, provider: bool) -> None:
        if to == "so many back":
            self.roll_back(by, back=1 + which % 3, through_provider=provider)
        else:
            named = to == "a release" and self.now.releases
            self.roll_back(by, one_of(self.now.releases, which).tag if named else None, through_provider=provider)

    @rule(by=st.sampled_from(OPERATORS), which=ANY, held=st.booleans(), critical=st.booleans())
    def an_operator_rolls_back(self, by: str, which: int, held: bool, critical: bool) -> None:
        """To what can be gone back to: nothing may be in the way of the traffic."""
        tags = [release.tag for release in self.now.releases if self.witness.can_go_back_to(release.tag)]
        if not tags or not self.witness.has_rules:
            return
        if held:
            self.somebody_holds("dora", Environment.PRODUCTION)
        if critical:
            self.somebody_opens_an_incident("dora", Severity.P0)
        assert self.roll_back(by, one_of(tags, which), wish=Wish(switch_only=True)), (
            f"{by} could not go back to {one_of(tags, which)}"
        )

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY, number=st.integers(1, 3), signed=st.booleans())
    def somebody_pushes_a_rollback_tag(self, by: str, which: int, number: int, signed: bool) -> None:
        release = one_of(self.now.releases, which)
        tag = f"{release.tag}-rollback" + ("" if number == 1 else f".{number}")
        if tag in self.world.code_host.tags() or self.world.code_host.revision("main") is None:
            return
        foretold = self.world.explain(f"rollback {release.tag}", by).open
        message = "it is slow" if signed else None
        self.act(f"{by} pushes the tag {tag}", lambda: self.world.push_tag(tag, by=by, message=message))
        came = tag in self.world.code_host.tags()
        assert came == (foretold and signed), f"{tag} was {'' if came else 'not '}accepted; explain: {foretold}"

    @rule(by=SOMEBODY, environment=ENVIRONMENT)
    def somebody_deploys_again(self, by: str, environment: Environment) -> None:
        self.act(
            f"{by} deploys {environment} again",
            lambda: redeploy(self.world.ports, environment, self.world.person(by)),
            self.explained(Action.DEPLOY, environment, by),
        )

    @there_is("deployments")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_cancels(self, by: str, which: int) -> None:
        deployment = one_of(self.now.deployments, which)
        self.act(
            f"{by} cancels {deployment.id}",
            lambda: cancelling.cancel_deployment(self.world.ports, deployment.id, self.world.person(by)),
            self.explained(Action.CANCEL, deployment.id, by),
            besides=(TooLate,),
        )

    @rule(by=st.sampled_from(OPERATORS), environment=ENVIRONMENT, call=st.sampled_from(("build", "start", "switch")))
    def somebody_is_going_to_cancel(self, by: str, environment: Environment, call: str) -> None:
        """What is deployed next, just before it builds, starts or switches."""
        self.world.away["deploy target"].just_before(call, lambda: self._cancel_what_runs(by, environment))

    @rule(by=SOMEBODY, environment=ENVIRONMENT)
    def somebody_holds(self, by: str, environment: Environment) -> None:
        self.act(
            f"{by} holds {environment}",
            lambda: holding.hold(self.world.ports, environment, "wait for the audit", self.world.person(by)),
            self.explained(Action.HOLD, environment, by),
        )

    @there_is("holds")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_lifts_a_hold(self, by: str, which: int) -> None:
        self.lift(one_of(self.now.holds, which), by)

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_puts_a_release_in_quarantine(self, by: str, which: int) -> None:
        release = one_of(self.now.releases, which)
        self.act(
            f"{by} puts {release.tag} in quarantine",
            lambda: holding.put_in_quarantine(self.world.ports, release.tag, "it leaks", self.world.person(by)),
            self.explained(Action.HOLD, Environment.PRODUCTION, by),
            besides=(Unusable,),
        )

    @there_is("quarantines")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_lifts_a_quarantine(self, by: str, which: int) -> None:
        tag = one_of(self.now.quarantines, which).tag
        self.act(
            f"{by} lifts the quarantine of {tag}",
            lambda: holding.lift_quarantine(self.world.ports, tag, "it is mended", self.world.person(by)),
            self.explained(Action.LIFT, Environment.PRODUCTION, by),
        )

    @rule(by=st.sampled_from(OPERATORS))
    def nothing_is_in_the_way_any_more(self, by: str) -> None:
        """So that stories go on after a rollback."""
        for hold in self.now.holds:
            self.lift(hold, by)
        for incident in self.now.incidents:
            if incident.is_open:
                self.resolve(incident, by)

    @rule(by=SOMEBODY, severity=st.sampled_from((Severity.P0, Severity.P1, Severity.P2)))
    def somebody_opens_an_incident(self, by: str, severity: Severity) -> None:
        self.act(
            f"{by} opens a {severity} incident",
            lambda: incidents.open_incident(self.world.ports, severity, "prices are wrong", self.world.person(by)),
            lambda: deciding.on_taking_part(self.world.ports, "an incident", self.world.person(by)),
        )

    @there_is("incidents")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_resolves_an_incident(self, by: str, which: int) -> None:
        self.resolve(one_of(self.now.incidents, which), by)

    # --- what they are made of -----------------------------------------------------------------------------------

    @rule(verdict=st.sampled_from(("reversible", "irreversible", "unknown")), loses=st.booleans())
    def the_next_way_back_is_not_compatible(self, verdict: str, loses: bool) -> None:
        self.world.way_back.next(verdict, *([Loss("column orders.note", 12)] if loses else []))

    def roll_back(
        self,
        by: str,
        tag: str | None = None,
        back: int | None = None,
        through_provider: bool = False,
        wish: Wish = NO_WISH,
    ) -> bool:
        subject = f"rollback {tag or back or ''}".strip()
        reasons = set(self.world.explain(subject, by).codes)
        assert reasons <= NO_MATTER_OF_TIME, f"{subject} is refused: {reasons}"
        person = self.world.person(by)
        ordered = self.act(
            f"{by}: {subject}{' through the provider' if through_provider else ''}",
            lambda: procedure.roll_back(self.world.ports, tag, "too slow", person, back, through_provider, wish),
            lambda: deciding.on_rolling_back(self.world.ports, tag, person, back, wish)[0],
        )
        return ordered is not None

    def lift(self, hold: Hold, by: str) -> None:
        self.act(
            f"{by} lifts the hold on {hold.environment}",
            lambda: holding.lift_hold(self.world.ports, hold.id, "it is over", self.world.person(by)),
            self.explained(Action.LIFT, hold.environment, by),
        )

    def resolve(self, incident: Incident, by: str) -> None:
        self.act(
            f"{by} resolves incident {incident.id}",
            lambda: incidents.resolve(self.world.ports, incident.id, "mended", self.world.person(by)),
            lambda: deciding.on_resolving(self.world.ports, incident, self.world.person(by)),
            besides=(Unusable,),
        )

    def _cancel_what_runs(self, by: str, environment: Environment) -> None:
        with self.world.store.reading() as tx:
            running = tx.deployments.occupying(environment)
        if running is not None:
            with suppress(TooLate):
                cancelling.cancel_deployment(self.world.ports, running.id, self.world.person(by))
