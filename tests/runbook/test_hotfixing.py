"""Procedure 3: from what production runs, tried in staging, to main, tagged at once, and brought back."""

from collections.abc import Callable

import pytest

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.domain.incident import Severity
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.queries.deployments import timeline
from staging_gate.runbook import changes, hotfixing, incidents, merging, releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.holding import hold
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.policies import ROLES, gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed, closed_as_explained

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def release(world: World, tag: str) -> Release:
    return releasing.get(world.ports, tag)


def newest(world: World, environment: Environment) -> Deployment:
    return world.deployments(environment)[-1]


def opened(world: World) -> list[Change]:
    with world.store.reading() as tx:
        return tx.changes.open()


def follow_ups(world: World, about: str) -> list[FollowUp]:
    with world.store.reading() as tx:
        return tx.followups.about(about)


# --- the whole of it ---------------------------------------------------------------------------------------------


def test_a_hotfix_goes_to_production_at_once_and_comes_back(released: World) -> None:
    released.ship_to_staging("feat: charts")
    own = released.revision("staging")
    live = released.live(PRODUCTION)
    assert live
    assert hotfixing.start(released.ports, "login", released.person("ada")) == "hotfix/login"
    assert released.revision("hotfix/login") == live.revision
    released.push("hotfix/login", {"app/login.py": "fixed\n"}, "ada", "fix: login")
    change = hotfixing.open_hotfix(released.ports, "login", "nobody can log in", released.person("ada"))
    released.settle()
    assert (change.labels, change.hotfix_reason) == (("hotfix", "urgent"), "nobody can log in")
    assert newest(released, STAGING).revision == own, "nobody has approved it"

    released.approve(change, "tess", "tech_lead")
    released.settle()
    proof = newest(released, STAGING)
    assert (proof.is_proof, proof.urgent, proof.state) == (True, True, DeploymentState.SUCCEEDED)
    assert proof.revision.tree == released.revision("hotfix/login").tree
    assert "charts" not in str(released.code_host.changed_files(live.revision.commit, proof.revision.commit))

    merged = released.merge(change, "ben")
    tag = merged.release
    assert tag == "v1.0.1"
    assert released.production.live() == tag
    done = release(released, tag)
    assert (done.state, done.title) == (ReleaseState.VERIFIED, "Hotfix v1.0.1 - fix: login")
    assert "## Why it is urgent\nnobody can log in" in done.notes and "- login" in done.notes
    assert released.deployments(PRODUCTION)[-1].urgent
    assert released.code_host.is_ancestor("v1.0.1", "main")
    assert released.revision("v1.0.1").tree == proof.revision.tree == released.revision("main").tree
    assert newest(released, STAGING).revision == own, "staging runs its own branch again"

    [back] = opened(released)
    assert (back.source, back.target, back.title) == ("main", "staging", "Bring v1.0.1 back: main to staging")
    released.approve(back)
    released.merge(back)
    assert newest(released, STAGING).revision == released.revision("staging")
    assert released.code_host.is_ancestor("main", "staging")
    assert released.code_host.file("staging", "app/login.py") == b"fixed\n"


def test_what_happened_is_on_the_record(released: World) -> None:
    change = released.hotfix()
    released.merge(change)

    assert [action for action in actions(released, f"change {change.number}") if action != "check passed"] == [
        "change opened",
        "reviewers paged",
        "approved as tech_lead",
        "merge asked for",
        "merged",
    ]
    assert actions(released, "v1.0.1") == [
        "release opened",
        *["follow-up opened"] * 4,
        "published",
    ]
    assert "verified in staging" in actions(released, "staging-2")
    assert "verified in production" in actions(released, "production-2")


def test_four_things_are_to_be_done_afterwards(released: World) -> None:
    change = released.hotfix()
    released.merge(change)

    assert released.clock.now().strftime("%A %d") == "Thursday 05"
    assert [(one.kind, one.owner, one.due_at.day) for one in follow_ups(released, "v1.0.1")] == [
        (FollowUpKind.DOCUMENT, "ada", 9),
        (FollowUpKind.REVIEW, "tess", 9),
        (FollowUpKind.ADD_TESTS, "ada", 12),
        (FollowUpKind.PROPER_FIX, "ada", 19),
    ]


# --- what opens the gate -----------------------------------------------------------------------------------------


def test_without_production_there_is_nothing_to_fix(world: World) -> None:
    with pytest.raises(Unusable, match="Production runs nothing yet"):
        hotfixing.start(world.ports, "login", world.person("ada"))
    assert closed(lambda: world.change("fix: login", branch="hotfix/login", to="main", reason="x")) == (
        "hotfix_not_from_production",
    )


@pytest.mark.parametrize("name", ["Login", "a b", "-x", "x.lock", "a..b", "", "x" * 65, "a/b", "ä"])
def test_names_are_checked(released: World, name: str) -> None:
    with pytest.raises(Unusable, match="can not be the name of a hotfix"):
        hotfixing.start(released.ports, name, released.person("ada"))


def test_a_branch_that_is_there_is_not_begun_again(released: World) -> None:
    hotfixing.start(released.ports, "hotfix/login", released.person("ada"))
    with pytest.raises(Unusable, match="The branch hotfix/login is there already"):
        hotfixing.start(released.ports, "login", released.person("ben"))


def test_a_hotfix_needs_its_reason_in_writing(released: World) -> None:
    with pytest.raises(Unusable, match="A hotfix needs its reason in writing"):
        released.change("fix: login", branch="hotfix/login", to="main", reason=" ")


def test_only_what_is_cut_from_production_is_a_hotfix(released: World) -> None:
    released.ship_to_staging("feat: charts")
    released.push("hotfix/login", {"x.py": "x\n"}, since="staging")

    assert closed(
        lambda: changes.open_change(released.ports, "hotfix/login", "main", released.person("ada"), reason="x")
    ) == ("hotfix_not_from_production",)


def test_who_is_on_call_may_approve_and_who_only_reviews_does_not_count(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={**ROLES, "on_call": ["cleo", "ada"]}))
    world.release("v1.0.0")
    change = world.change("fix: login", branch="hotfix/login", to="main", reason="nobody can log in")
    world.approve(change, "ben")
    world.settle()
    wanted = ("approvals_missing", "not_verified_in_staging")
    assert closed_as_explained(world, str(change.number), "ben", lambda: world.merge(change)) == wanted
    assert closed(lambda: world.approve(change, "ada", "on_call")) == ("own_change",)

    world.approve(change, "cleo", "on_call")
    world.settle()
    assert world.merge(change).release == "v1.0.1"


def test_checks_are_never_passed_and_nothing_unchecked_is_tried(released: World) -> None:
    released.checks.next_fails("zebra-smoke", "2 of 31 failed")
    change = released.hotfix()

    assert not newest(released, STAGING).is_proof
    assert closed(lambda: released.merge(change)) == ("checks_failed", "not_verified_in_staging")
    explained = {reason.code: reason.bypass for reason in released.explain(str(change.number), "ben").reasons}
    assert explained["checks_failed"] == ()
    assert explained["not_verified_in_staging"] == ("tech_lead",)


def test_an_approval_that_comes_before_the_checks_have_ended_counts(released: World) -> None:
    released.push("hotfix/login", {"app/login.py": "fixed\n"}, since="main")
    change = changes.open_change(released.ports, "hotfix/login", "main", released.person("ada"), reason="urgent")
    released.approve(change, "tess", "tech_lead")
    released.settle()

    assert newest(released, STAGING).is_proof
    assert released.merge(change).release == "v1.0.1"


def test_an_open_incident_does_not_stop_what_mends_it(released: World) -> None:
    incidents.open_incident(released.ports, Severity.P0, "nobody can log in", released.person("dora"))

    assert released.merge(released.hotfix()).release == "v1.0.1"
    assert released.production.live() == "v1.0.1"


CALENDAR = """
calendar:
  production_windows: [thu 10:00-11:00]
  freezes: [{from: 2026-03-05 11:00, until: 2026-03-12, why: elections}]
"""


def test_a_hotfix_passes_windows_and_freezes_with_its_reason(made: Callable[..., World]) -> None:
    world = made(gate_yaml() + CALENDAR)
    world.release("v1.0.0")
    world.advance(hours=2)
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")
    assert "freeze" in world.explain("v1.1.0", "tess").codes

    releasing.withdraw(world.ports, "v1.1.0", world.person("tess"))
    assert world.merge(world.hotfix()).release == "v1.0.1"
    assert world.production.live() == "v1.0.1"


def test_what_holds_production_closes_the_merge_already(released: World) -> None:
    hold(released.ports, PRODUCTION, "the database is moved", released.person("dora"))

    assert closed(lambda: released.merge(released.hotfix())) == ("hold",)


def test_who_may_approve_is_paged(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={**ROLES, "on_call": ["cleo", "ada", "tess"]}))
    world.release("v1.0.0")
    change = world.change("fix: login", branch="hotfix/login", to="main", reason="nobody can log in")

    assert change.reviewers == ("tess", "cleo")
    assert ("staging-gate", "reviewers paged", "nobody can log in") in world.record(f"change {change.number}")


def test_merged_when_ready_it_needs_nobody_after_its_approval(released: World) -> None:
    change = released.change("fix: login", branch="hotfix/login", to="main", reason="nobody can log in")
    assert merging.merge_when_ready(released.ports, change.number, None, released.person("ben")) is None
    released.approve(change, "tess", "tech_lead")
    released.settle()
    released.advance(seconds=10)

    assert released.production.live() == released.look(change).release == "v1.0.1"


def test_what_becomes_ready_unseen_is_tried_with_the_next_tick(released: World) -> None:
    """Production goes back to what the hotfix started from."""
    hotfix = released.change("fix: login", branch="hotfix/login", to="main", reason="nobody can log in")
    released.release("v1.1.0")
    released.approve(hotfix, "tess", "tech_lead")
    released.settle()
    assert not newest(released, STAGING).is_proof

    released.roll_back("v1.0.0")
    released.advance(seconds=10)
    assert newest(released, STAGING).is_proof


# --- its proof in staging ----------------------------------------------------------------------------------------


def test_a_hotfix_that_fails_in_staging_goes_nowhere(released: World) -> None:
    own = released.live(STAGING)
    released.staging.next_smoke_fails("login", where="public")
    change = released.hotfix()

    assert newest(released, STAGING).is_rollback
    now = released.live(STAGING)
    assert now and own and now.revision == own.revision
    assert closed(lambda: released.merge(change)) == ("not_verified_in_staging",)

    again = hotfixing.prove(released.ports, change.number, released.person("ben"))
    released.settle()
    assert released.deployment(again).state is DeploymentState.SUCCEEDED
    assert released.merge(change).release == "v1.0.1"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"app/login.py": "x\n"}, "staging's database has these migrations already, and perhaps later ones"),
        ({"migrations/versions/0009_fix.py": "x\n"}, "upgraded"),
    ],
)
def test_a_hotfix_is_tried_on_the_schema_that_staging_has(released: World, files: dict[str, str], said: str) -> None:
    """Alembic refuses a database that the next release has migrated further; without migrations it is not asked."""
    released.ship_to_staging("feat: charts", {"migrations/versions/0005_charts.py": "x\n"})
    released.hotfix(files=files)

    shown = timeline(released.ports, newest(released, STAGING).id)
    assert shown
    [step] = [step for step in shown.steps if step.name == "upgrade the schema of api"]
    assert said in str(step.outcome)


def test_what_was_proved_is_not_proved_again(released: World) -> None:
    change = released.hotfix()
    with pytest.raises(Unusable, match="was proved in staging already"):
        hotfixing.prove(released.ports, change.number, released.person("ben"))
    with pytest.raises(Unusable, match="Change 1 is no hotfix"):
        hotfixing.prove(released.ports, 1, released.person("ben"))


def test_a_push_asks_for_everything_anew(released: World) -> None:
    change = released.hotfix()
    released.push("hotfix/fix-login", {"app/more.py": "more\n"})
    released.settle()

    assert closed(lambda: released.merge(change)) == ("approvals_missing", "not_verified_in_staging")
    released.approve(released.look(change), "tess", "tech_lead")
    released.settle()
    assert released.merge(change).release == "v1.0.1"


def test_a_hotfix_that_is_given_up_leaves_staging_with_its_own_branch(released: World) -> None:
    change = released.hotfix()
    changes.close(released.ports, change.number, released.person("ada"), "a setting was wrong")
    released.advance(seconds=10)

    live = released.live(STAGING)
    assert live and live.revision == released.revision("staging")
    released.advance(seconds=10)
    assert newest(released, STAGING).id == live.id


def test_a_hotfix_is_tried_before_what_waits_and_neither_supersedes_the_other(released: World) -> None:
    hotfix = released.change("fix: login", branch="hotfix/login", to="main", reason="nobody can log in")
    feature = released.change("feat: charts")
    released.approve(feature)

    def meanwhile() -> None:
        redeploy(released.ports, STAGING, released.person("ben"))
        released.approve(hotfix, "tess", "tech_lead")
        hotfixing.prove_if_ready(released.ports, hotfix.number)

    released.away["deploy target"].just_before("start", meanwhile)
    released.merge(feature)
    begun = sorted(released.deployments(STAGING)[2:], key=lambda one: one.started_at or one.requested_at)
    assert [(one.id, one.state) for one in begun] == [
        ("staging-4", DeploymentState.SUCCEEDED),
        ("staging-3", DeploymentState.SUCCEEDED),
    ]
    assert released.deployment("staging-4").is_proof


def test_a_feature_that_is_merged_meanwhile_comes_after_the_proof(released: World) -> None:
    change = released.hotfix()
    released.ship_to_staging("feat: charts", tested=False)

    assert released.merge(change).release == "v1.0.1"
    live = released.live(STAGING)
    assert live and live.revision == released.revision("staging")
