"""Procedure 2 in the alphabet: releases are opened, approved, published, withdrawn."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.runbook import deciding
from staging_gate.runbook import releasing as procedure
from staging_gate.runbook.announcing import announce
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.editing import edit_release
from staging_gate.runbook.policy import NoPolicy
from staging_gate.testing.repository import Files
from tests.machine.changing import BUT, HARMLESS, Changing
from tests.machine.stage import ANY, SOMEBODY, WAITS, Answer, one_of, there_is

TAG = st.sampled_from((None, None, "v1.0.0", "v1.0.1", "v1.2.0", "v2.0.0-rc.1", "v2.0.0", "1.3", "v0.9.0"))
ON_ITS_WAY = (ReleaseState.PUBLISHED, ReleaseState.VERIFIED, ReleaseState.FAILED)


class Releasing(Changing):
    @rule(by=SOMEBODY, tag=TAG)
    def somebody_opens_a_release(self, by: str, tag: str | None) -> None:
        self.open_release(by, tag)

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY, when_ready=st.booleans())
    def somebody_publishes(self, by: str, which: int, when_ready: bool) -> None:
        self.publish(one_of(self.now.releases, which), by, when_ready)

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_does_not_want_it_published_any_more(self, by: str, which: int) -> None:
        tag = one_of(self.now.releases, which).tag
        self.act(
            f"{by} does not want {tag} published any more",
            lambda: procedure.do_not_publish(self.world.ports, tag, self.world.person(by)),
        )

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_edits_a_release(self, by: str, which: int) -> None:
        tag = one_of(self.now.releases, which).tag
        self.act(
            f"{by} edits {tag}",
            lambda: edit_release(self.world.ports, tag, self.world.person(by), notes="It is better now."),
            self.explained(Action.EDIT, tag, by),
        )

    @there_is("releases")
    @rule(by=SOMEBODY, which=ANY)
    def somebody_withdraws_a_release(self, by: str, which: int) -> None:
        release = one_of(self.now.releases, which)
        self.act(
            f"{by} withdraws {release.tag}",
            lambda: procedure.withdraw(self.world.ports, release.tag, self.world.person(by)),
            self.explained(Action.WITHDRAW, release.tag, by),
            besides=(Unusable,),
        )

    @rule(by=SOMEBODY, tag=st.sampled_from(("v2.0.0", "v1.2.0")), days=st.sampled_from((1, 8)))
    def somebody_announces_a_release(self, by: str, tag: str, days: int) -> None:
        day = (self.world.clock.now() + timedelta(days=days)).date()
        self.act(
            f"{by} announces {tag} for {day}",
            lambda: announce(self.world.ports, tag, day, self.world.person(by)),
            lambda: deciding.on_announcing(self.world.ports, tag, self.world.person(by)),
            besides=(Unusable, NoPolicy),
        )

    @rule(tag=TAG, by=st.sampled_from(("ada", "tess")), but=st.sampled_from(BUT))
    def a_release_is_prepared(self, tag: str | None, by: str, but: str) -> None:
        """As the runbook wants it, up to the merge, but for one thing."""
        release = self.open_release(by, tag)
        if release is None:
            return
        change = next(change for change in self.now.changes if change.number == release.change)
        approvers = {"no approval": (), "the author approves": (by, "stan"), "nobody tries it": ("tess", "tess")}
        for who, role in zip(approvers.get(but, ("theo", "stan")), ("tech_lead", "stakeholder"), strict=False):
            self.approve(change, who, role)
        self.happens_meanwhile(but, "staging", change)
        self.merge(change, by)

    @rule(by=st.sampled_from(("tess", "theo", "dora")))
    def what_is_merged_is_published(self, by: str) -> None:
        merged = [release for release in self.now.releases if release.state is ReleaseState.MERGED]
        if merged:
            self.publish(merged[-1], by)

    @rule(files=st.sampled_from(HARMLESS), by=st.sampled_from(("tess", "dora")), but=st.sampled_from(BUT))
    def a_release_goes_to_production(self, files: Files, by: str, but: str) -> None:
        """From the first push on."""
        self.a_change_goes_to_staging(files, "ada", but)
        self.a_release_is_prepared(None, "ada", "nothing")
        self.what_is_merged_is_published(by)

    @rule()
    def everything_is_tried(self) -> None:
        for change in self.now.changes:
            if change.merged is not None and change.target == "staging":
                self.try_out(change, "cleo")

    # --- what they are made of -----------------------------------------------------------------------------------

    def open_release(self, by: str, tag: str | None) -> Release | None:
        return self.act(
            f"{by} opens a release {tag or '(next)'}",
            lambda: procedure.open_release(self.world.ports, self.world.person(by), tag),
        )

    def publish(self, release: Release, by: str, when_ready: bool = False) -> None:
        began = self.act(
            f"{by} publishes {release.tag}{' when it is ready' if when_ready else ''}",
            lambda: procedure.publish(self.world.ports, release.tag, self.world.person(by), when_ready) or WAITS,
            lambda: self.explain_publishing(release, by, when_ready),
        )
        if began and began is not WAITS:
            now = procedure.get(self.world.ports, release.tag)
            assert now.state in ON_ITS_WAY, f"{now.tag} was let through, and is {now.state}"
            assert now.tag in self.world.code_host.tags(), f"{now.tag} was let through, and has no tag"
            self.nothing_else_closed_the_way(now)

    def explain_publishing(self, release: Release, by: str, when_ready: bool) -> Decision | Answer:
        """It waits where the gate opens by itself at a known time."""
        now = self.explained(Action.PUBLISH, release.tag, by)()
        if now.open or (now.until is None and not when_ready):
            return now
        later = self.explained(Action.PUBLISH_WHEN_READY, release.tag, by)()
        return WAITS if later.open else later

    def nothing_else_closed_the_way(self, release: Release) -> None:
        """What was let through a moment ago is not stopped by the gate of its deployment."""
        last = [one for one in self.now.deployments if one.release == release.tag][-1]
        stopped = last.state is DeploymentState.ABORTED and last.cancel_requested_by is None
        assert not stopped, f"{release.tag} was let through, but not {last.id}: {last.failure}"
