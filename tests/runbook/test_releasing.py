"""Procedure 2, up to the tag: planned, opened, approved, merged, published."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.ports.code_host import TagOrder
from staging_gate.queries.board import board
from staging_gate.runbook import changes, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

PRODUCTION = Environment.PRODUCTION


# --- planning ----------------------------------------------------------------------------------------------------


def test_the_first_release_is_v1_0_0_and_its_notes_have_the_runbooks_headings(world: World) -> None:
    world.ship_to_staging("feat: dark mode")
    world.ship_to_staging("fix(login): accept capitals")
    planned = releasing.plan(world.ports)

    assert (planned.tag, planned.last) == ("v1.0.0", None)
    assert planned.title == "Release v1.0.0 - dark mode (#1) and 2 more"
    assert planned.notes.markdown() == (
        "## Features\n- dark mode (#1)\n\n"
        "## Bug Fixes\n- login: accept capitals (#2)\n\n"
        "## Breaking Changes\n- None\n\n"
        "## Other Changes\n- first import\n\n"
        "## Changes\n- #1 feat: dark mode, by ada\n- #2 fix(login): accept capitals, by ada\n\n"
        "## Contributors\n- ada\n- root\n"
    )
    assert [change.number for change in planned.included] == [1, 2]
    assert planned.untested == ()


@pytest.mark.parametrize(
    ("title", "tag"),
    [("fix: prices", "v1.0.1"), ("feat: charts", "v1.1.0"), ("feat!: another login", "v2.0.0"), ("typo", "v1.0.1")],
)
def test_the_next_version_follows_from_what_changed(released: World, title: str, tag: str) -> None:
    released.ship_to_staging(title)

    assert releasing.plan(released.ports).tag == tag


def test_only_what_came_since_the_last_release_counts(released: World) -> None:
    released.ship_to_staging("feat: charts", tested=False)
    planned = releasing.plan(released.ports)

    assert planned.last == "v1.0.0"
    assert [commit.subject for commit in planned.commits] == ["feat: charts (#3)"]
    assert planned.untested == (3,)


def test_new_migrations_are_named(released: World) -> None:
    released.ship_to_staging("feat: users", {"migrations/versions/0002_users.py": "# users\n"})

    assert releasing.plan(released.ports).notes.migrations == ("migrations/versions/0002_users.py",)


def test_new_migrations_of_another_tool_are_named(made: Callable[..., World]) -> None:
    tool = "commands: {current: at, upgrade: up, downgrade: down $REVISION}\n      files: db"
    world = made(gate_yaml().replace("alembic: alembic.ini", tool))
    world.release("v1.0.0")
    world.ship_to_staging("feat: users", {"db/2.sql": "users\n", "dbx/2.sql": "users\n"})

    assert releasing.plan(world.ports).notes.migrations == ("db/2.sql",)


def test_a_plan_changes_nothing(released: World) -> None:
    before = released.record()
    releasing.plan(released.ports)

    assert released.record() == before


# --- opening -----------------------------------------------------------------------------------------------------


def test_opening_a_release_opens_its_change_with_the_notes(world: World) -> None:
    world.ship_to_staging("feat: dark mode")
    release = releasing.open_release(world.ports, world.person("ada"))
    change = changes.get(world.ports, release.change or 0)

    assert (release.tag, release.state) == ("v1.0.0", ReleaseState.PROPOSED)
    assert (change.source, change.target, change.release) == ("staging", "main", "v1.0.0")
    assert change.title == release.title == "Release v1.0.0 - dark mode (#1) and 1 more"
    assert change.description == release.notes


def test_a_release_may_be_given_a_name(world: World) -> None:
    world.ship_to_staging()

    assert (
        releasing.open_release(world.ports, world.person("ada"), "v2.0.0", "Spring").title == "Release v2.0.0 - Spring"
    )


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("1.2.0", "tag_not_semver"),
        ("v1.2", "tag_not_semver"),
        ("v1.2.0-rollback", "tag_not_semver"),
        ("v0.9.0", "tag_not_greater"),
        ("v1.0.0", "tag_exists"),
    ],
)
def test_a_tag_that_can_not_be_published_later_is_refused_now(released: World, tag: str, code: str) -> None:
    released.ship_to_staging("feat: charts")

    assert closed(lambda: releasing.open_release(released.ports, released.person("ada"), tag)) == (code,)


def test_one_release_is_prepared_at_a_time(world: World) -> None:
    world.ship_to_staging()
    world.prepare_release("v1.0.0", merged=False)

    with pytest.raises(Unusable) as no:
        releasing.open_release(world.ports, world.person("ada"), "v1.1.0")
    assert str(no.value) == (
        "A release is being prepared already: v1.0.0 as change 2. "
        "Merge it, or take it back with `gate release withdraw v1.0.0`."
    )


def test_with_nothing_new_there_is_nothing_to_release(released: World) -> None:
    with pytest.raises(Unusable, match="staging holds nothing that main lacks"):
        releasing.open_release(released.ports, released.person("ada"))


def test_killed_between_the_change_and_the_release_opening_goes_on(world: World) -> None:
    world.ship_to_staging()
    planned = releasing.plan(world.ports)
    changes.open_change(
        world.ports, "staging", "main", world.person("ada"), planned.title, planned.notes.markdown(), (), "v1.0.0"
    )
    release = releasing.open_release(world.ports, world.person("ada"), "v1.0.0")

    assert release.change == 2
    assert releasing.get(world.ports, "v1.0.0").state is ReleaseState.PROPOSED


def test_a_branch_for_a_release_is_not_a_change_of_its_own_to_main(world: World) -> None:
    """Staging goes to main as a release, or not at all: without one there would be nothing to tag."""
    world.ship_to_staging()

    with pytest.raises(Unusable, match="gate release open"):
        changes.open_change(world.ports, "staging", "main", world.person("ada"))


# --- the gate of the merge ---------------------------------------------------------------------------------------


def test_it_needs_a_tech_lead_and_a_stakeholder(world: World) -> None:
    world.ship_to_staging()
    release = releasing.open_release(world.ports, world.person("ada"))
    world.settle()
    change = changes.get(world.ports, release.change or 0)

    assert closed_as_explained(world, "2", "tess", lambda: world.merge(change, "tess")) == ("approvals_missing",)
    [reason] = world.explain("2", "tess").reasons
    assert reason.sentence == (
        "Approvals are missing: 1 more as tech_lead, 1 more as stakeholder; the author's own never counts."
    )
    assert reason.opens_when == (
        "As tech_lead: tess (`gate approve 2 --as tech_lead`). "
        "As stakeholder: stan (`gate approve 2 --as stakeholder`)."
    )


def test_a_change_that_nobody_tried_blocks_the_release(world: World) -> None:
    world.ship_to_staging("feat: dark mode", tested=False)
    change = world.prepare_release("v1.0.0", merged=False)

    assert closed_as_explained(world, "2", "tess", lambda: world.merge(change, "tess")) == ("not_tested_by_a_person",)
    [reason] = world.explain("2", "tess").reasons
    assert reason.evidence == ("change 1: feat: dark mode",)
    changes.mark_tested(world.ports, 1, world.person("cleo"))
    assert world.explain("2", "tess").open


def test_code_that_staging_did_not_prove_blocks_the_release(world: World) -> None:
    world.staging.next_smoke_fails(where="candidate")
    world.ship_to_staging(tested=False)
    change = world.prepare_release("v1.0.0", merged=False)

    codes = closed_as_explained(world, "2", "tess", lambda: world.merge(change, "tess"))
    assert codes == ("not_verified_in_staging", "not_tested_by_a_person")


def push_to_staging_behind_our_back(world: World) -> None:
    tip = world.revision("staging").commit
    other = world.repository.commit(tip, {"other.py": "other\n"}, "feat: other", "cleo", world.clock.now())
    world.repository.move("refs/heads/staging", other)


def test_migrations_that_were_not_proved_block_the_release(world: World) -> None:
    push_to_staging_behind_our_back(world)
    world.checks.next_fails("db-migrations", "several heads")
    change = world.prepare_release("v1.0.0", merged=False)

    codes = closed_as_explained(world, "1", "tess", lambda: world.merge(change, "tess"))
    assert codes == ("not_verified_in_staging", "migrations_not_proved")
    assert world.explain("1", "tess").reasons[1].evidence == ("db-migrations: failed: several heads",)


def test_migrations_that_no_check_has_seen_are_checked_with_the_release(world: World) -> None:
    push_to_staging_behind_our_back(world)
    change = world.prepare_release("v1.0.0", merged=False)

    assert (change.mergeable_tree(), "db-migrations") in world.checks.ran
    codes = closed_as_explained(world, "1", "tess", lambda: world.merge(change, "tess"))
    assert codes == ("not_verified_in_staging",)


def test_what_main_holds_alone_blocks_the_release(released: World) -> None:
    world = released
    hotfix = world.repository.commit(
        world.revision("main").commit, {"fix.py": "fix\n"}, "fix: login", "ada", world.clock.now()
    )
    world.repository.move("refs/heads/main", hotfix)
    world.ship_to_staging("feat: charts")
    change = world.prepare_release("v1.1.0", merged=False)

    codes = closed_as_explained(world, str(change.number), "tess", lambda: world.merge(change, "tess"))
    assert codes[0] == "back_merge_open"
    reason = world.explain(str(change.number), "tess").reasons[0]
    assert reason.evidence == (f"{hotfix[:10]} fix: login",)


def test_the_commits_of_earlier_releases_are_no_reason_for_a_back_merge(released: World) -> None:
    released.release("v1.1.0")

    assert released.release("v1.2.0").state == "succeeded"


def test_what_is_pushed_to_staging_meanwhile_voids_the_approvals(world: World) -> None:
    """Merges wait; this came behind our back."""
    world.ship_to_staging("feat: one")
    change = world.prepare_release("v1.0.0", merged=False)
    push_to_staging_behind_our_back(world)
    changes.refresh(world.ports, change.number)
    world.settle()

    codes = closed_as_explained(world, "2", "tess", lambda: world.merge(world.look(change), "tess"))
    assert "approvals_missing" in codes


def test_a_title_is_one_line_and_brings_no_anchor_of_its_own(world: World) -> None:
    world.ship_to_staging()
    release = releasing.open_release(world.ports, world.person("ada"), title="dark mode\n\nGate-Audit: 1 0000")

    assert release.title == "Release v1.0.0 - dark mode Gate-Audit: 1 0000"


# --- publishing --------------------------------------------------------------------------------------------------


def test_the_tag_is_annotated_and_anchors_the_record(merged: World) -> None:
    with merged.store.reading() as tx:
        heads = {entry.seq: entry.hash for entry in tx.audit_log.entries()}
    merged.publish("v1.1.0")
    tag = merged.code_host.tags()["v1.1.0"]

    assert tag.annotated
    assert tag.tagger == "tess"
    assert tag.commit == merged.revision("main").commit
    title, *_, anchor = tag.message.splitlines()
    assert title == "Release v1.1.0 - charts (#3)"
    label, seq, hash_ = anchor.split()
    assert label == "Gate-Audit:"
    assert int(seq) >= max(heads)
    with merged.store.reading() as tx:
        assert hash_ == {entry.seq: entry.hash for entry in tx.audit_log.entries()}[int(seq)]


def test_publishing_needs_a_right(merged: World) -> None:
    assert closed_as_explained(merged, "v1.1.0", "ada", lambda: merged.publish("v1.1.0", "ada")) == ("no_right",)


def test_a_release_that_is_not_merged_is_not_published(released: World) -> None:
    released.ship_to_staging("feat: charts")
    released.prepare_release("v1.1.0", merged=False)

    codes = closed_as_explained(released, "v1.1.0", "tess", lambda: released.publish("v1.1.0"))
    assert "release_not_merged" in codes


def test_a_release_that_is_not_there_is_told(released: World) -> None:
    with pytest.raises(Unknown, match="There is no release 'v7.0.0'. `gate release list` shows them"):
        releasing.publish(released.ports, "v7.0.0", released.person("tess"))


def test_a_tag_that_somebody_put_elsewhere_is_never_moved(merged: World) -> None:
    other = merged.revision("v1.0.0").commit
    merged.code_host.create_tag(TagOrder("v1.1.0", other, "mine", "eve", merged.clock.now()))

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("tag_exists",)
    assert merged.code_host.tags()["v1.1.0"].commit == other


def test_a_lightweight_tag_is_no_release(merged: World) -> None:
    merged.repository.move("refs/tags/v1.1.0", merged.revision("main").commit)

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("tag_lightweight",)


def test_a_commit_that_left_main_is_not_released(merged: World) -> None:
    merged.repository.move("refs/heads/main", merged.revision("v1.0.0").commit)

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("tag_not_on_main",)


def test_a_target_that_can_not_be_reached_is_not_begun_with(merged: World) -> None:
    merged.production.is_unreachable("Port 8100 is already used by nginx: free it.")

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("target_unreachable",)
    assert merged.explain("v1.1.0", "tess").reasons[0].sentence == (
        "Production can not be deployed to now: api: Port 8100 is already used by nginx: free it."
    )


def test_published_twice_at_once_it_is_deployed_once(merged: World) -> None:
    tess, dora = merged.person("tess"), merged.person("dora")
    releasing.publish(merged.ports, "v1.1.0", tess)
    [code] = closed(lambda: releasing.publish(merged.ports, "v1.1.0", dora))
    merged.settle()

    assert code in ("being_published", "release_published")

    assert [d.release for d in merged.deployments(PRODUCTION)] == ["v1.0.0", "v1.1.0"]


def test_a_verified_release_is_not_published_again(released: World) -> None:
    codes = closed_as_explained(released, "v1.0.0", "tess", lambda: released.publish("v1.0.0"))

    assert codes == ("release_published",)


def test_an_older_release_is_not_published_after_a_newer_one(merged: World) -> None:
    """Of whatever line: somebody tagged v1.2.0 meanwhile."""
    merged.code_host.create_tag(
        TagOrder("v1.2.0", merged.revision("main").commit, "by hand", "eve", merged.clock.now())
    )

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("tag_not_greater",)


def test_a_plan_made_while_a_release_deploys_counts_from_it(merged: World) -> None:
    planned = []
    merged.away["deploy target"].just_before("build", lambda: planned.append(releasing.plan(merged.ports)))
    merged.publish("v1.1.0")

    assert [(plan.last, plan.tag, plan.included) for plan in planned] == [("v1.1.0", "v1.1.1", ())]


# --- versions and tags -------------------------------------------------------------------------------------------


def test_a_candidate_is_tried_in_staging_and_not_tagged(released: World) -> None:
    released.ship_to_staging("feat: charts")

    codes = closed(lambda: releasing.open_release(released.ports, released.person("ada"), "v1.1.0-rc.1"))
    assert codes == ("tag_prerelease",)


@pytest.mark.parametrize("tag", ["v2.0.0-rc.1", "v1.0.0-rollback", "v9.0.0-rollbacks", "nightly"])
def test_what_is_no_release_stands_in_no_releases_way(released: World, tag: str) -> None:
    """By semver v9.0.0-rollbacks would be the greatest."""
    released.repository.move(f"refs/tags/{tag}", released.revision("main").commit)
    released.ship_to_staging("fix: prices")

    assert (releasing.plan(released.ports).last, releasing.plan(released.ports).tag) == ("v1.0.0", "v1.0.1")


def test_a_fix_may_come_before_a_version_that_is_only_planned(released: World) -> None:
    """v1.3.0 is open, not published: v1.0.1 is greater than what there is."""
    world = released
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.3.0", merged=False)
    releasing.withdraw(world.ports, "v1.3.0", world.person("ada"), "a fix comes first")

    assert world.prepare_release("v1.0.1").state is ChangeState.MERGED
    assert world.publish("v1.0.1").state == "succeeded"
    assert releasing.plan(world.ports).last == "v1.0.1"


def test_a_release_that_was_overtaken_by_a_fix_would_take_it_back(merged: World) -> None:
    """v1.1.0 is on main and waits. A fix goes to main meanwhile, and out as v1.0.1."""
    world = merged
    fixed = world.repository.commit(
        world.revision("v1.0.0").commit, {"fix.py": "fix\n"}, "fix: login", "ada", world.clock.now()
    )
    with world.store.transaction() as tx:
        fix = Release("v1.0.1", "Release v1.0.1 - login", "", ReleaseState.VERIFIED, None, "ada", tx.at)
        tx.releases.add(replace(fix, revision=world.revision(fixed), verified_at=tx.at))
    world.code_host.create_tag(TagOrder("v1.0.1", fixed, "login", "tess", world.clock.now()))

    assert closed_as_explained(world, "v1.1.0", "tess", lambda: world.publish("v1.1.0")) == ("lacks_last_release",)


def test_the_version_of_a_release_whose_tag_was_deleted_is_not_given_again(released: World) -> None:
    released.ship_to_staging("feat: charts")
    released.repository.delete("refs/tags/v1.0.0")
    planned = releasing.plan(released.ports)

    assert (planned.last, planned.tag) == ("v1.0.0", "v1.1.0")
    assert [change.title for change in planned.included] == ["feat: charts"]


def test_what_was_taken_back_comes_with_the_next_release_again(released: World) -> None:
    """v1.1.0 fails in production: people there have not had its charts yet."""
    world = released
    world.production.next_smoke_fails(where="public")
    world.release("v1.1.0", "feat: charts")
    world.ship_to_staging("fix: the charts")
    planned = releasing.plan(world.ports)

    assert (planned.last, planned.tag) == ("v1.1.0", "v1.2.0")
    assert [change.title for change in planned.included] == ["feat: charts for v1.1.0", "fix: the charts"]


@pytest.mark.parametrize("act", ["move", "delete"])
def test_a_release_whose_tag_was_touched_is_not_deployed(merged: World, act: str) -> None:
    """Its deployment waits behind another when somebody does it; it is decided anew when its turn comes."""
    world = merged

    def publish_and_touch() -> None:
        world.engine.wait(begun(releasing.publish(world.ports, "v1.1.0", world.person("tess"))), within=20)
        if act == "delete":
            world.repository.delete("refs/tags/v1.1.0")
        else:
            world.repository.move("refs/tags/v1.1.0", world.revision("v1.0.0").commit)

    world.away["deploy target"].just_before("build", publish_and_touch)
    redeploy(world.ports, PRODUCTION, world.person("dora"))
    world.settle()

    [refused] = [d for d in world.deployments(PRODUCTION) if d.release == "v1.1.0"]
    assert refused.state == "aborted"
    assert f"The tag v1.1.0 was {act}d after it was published" in refused.failure
    assert world.production.live() == "v1.0.0"


def begun(run: str | None) -> str:
    assert run is not None
    return run


# --- size --------------------------------------------------------------------------------------------------------


def test_a_release_that_waited_long_is_warned_about_and_goes(merged: World) -> None:
    merged.clock.advance(days=15)
    decision = merged.explain("v1.1.0", "tess")

    assert decision.open
    assert [warning.sentence for warning in decision.warnings] == [
        "v1.1.0 is large: its oldest change has waited for 15 days, more than 14."
    ]
    assert decision.warnings[0].evidence == ("change 3: feat: charts",)
    assert [said.code for said in board(merged.ports).warnings] == ["large_release"]
    assert merged.publish("v1.1.0").state == "succeeded"
    assert board(merged.ports).warnings == ()


def test_a_plan_warns_too(released: World) -> None:
    released.ship_to_staging("feat: charts")
    assert releasing.plan(released.ports).warnings == ()
    released.clock.advance(days=20)

    assert [said.code for said in releasing.plan(released.ports).warnings] == ["large_release"]


# --- withdrawing -------------------------------------------------------------------------------------------------


def test_a_withdrawn_release_closes_its_change_and_its_tag_can_be_used_again(world: World) -> None:
    world.ship_to_staging()
    change = world.prepare_release("v1.0.0", merged=False)
    releasing.withdraw(world.ports, "v1.0.0", world.person("ada"), "not yet")

    assert world.look(change).state is ChangeState.CLOSED
    assert ("ada", "release withdrawn", "not yet") in world.record("v1.0.0")
    assert world.prepare_release("v1.0.0").state is ChangeState.MERGED
    assert world.publish("v1.0.0").state == "succeeded"


def test_closing_its_change_withdraws_the_release(world: World) -> None:
    world.ship_to_staging()
    change = world.prepare_release("v1.0.0", merged=False)
    changes.close(world.ports, change.number, world.person("ada"), "not yet")

    assert releasing.get(world.ports, "v1.0.0").state is ReleaseState.WITHDRAWN
    assert releasing.open_release(world.ports, world.person("ada"), "v1.0.0").state is ReleaseState.PROPOSED


def test_a_merged_release_that_was_withdrawn_is_not_published(merged: World) -> None:
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("ada"), "not yet")

    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("release_withdrawn",)


def test_a_merged_release_that_was_withdrawn_is_opened_anew_with_the_merge_that_there_was(merged: World) -> None:
    merge = releasing.get(merged.ports, "v1.1.0")
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("tess"), "not yet")
    anew = releasing.open_release(merged.ports, merged.person("ada"))

    assert anew.tag == "v1.1.0"
    assert (anew.state, anew.revision, anew.change) == (ReleaseState.MERGED, merge.revision, merge.change)
    assert merged.publish("v1.1.0").state == "succeeded"
    assert merged.production.live() == "v1.1.0"


def test_it_is_opened_anew_as_what_was_approved_and_under_no_other_name(merged: World) -> None:
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("tess"), "not yet")

    with pytest.raises(Unusable, match="as v1.1.0, which was withdrawn; v1.2.0 would be approved by nobody"):
        releasing.open_release(merged.ports, merged.person("ada"), "v1.2.0")


def test_a_withdrawn_release_is_no_merge_for_other_code(merged: World) -> None:
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("tess"), "not yet")
    merged.ship_to_staging("feat: three")

    assert releasing.open_release(merged.ports, merged.person("ada"), "v1.1.0").state is ReleaseState.PROPOSED


def test_what_is_published_is_not_withdrawn(released: World) -> None:
    with pytest.raises(Unusable, match="v1.0.0 is verified: it can not be withdrawn. To go back: `gate rollback`."):
        releasing.withdraw(released.ports, "v1.0.0", released.person("ada"))
