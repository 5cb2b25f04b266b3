"""The post-rollback list: to tell, to report, to plan the fix."""

from datetime import timedelta

from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUp
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing.world import World

PRODUCTION = Environment.PRODUCTION


def listed(world: World) -> list[FollowUp]:
    with world.store.reading() as tx:
        return [one for one in tx.followups.open() if one.about.startswith("production-")]


def test_who_ordered_it_tells_and_reports_and_the_author_plans_the_fix(two: World) -> None:
    rollback = two.roll_back("v1.0.0", by="dora")

    assert [(one.kind, one.about, one.owner, one.title) for one in listed(two)] == [
        ("notify", rollback.id, "dora", "Tell the team that v1.1.0 was taken back to v1.0.0, and why"),
        ("report", rollback.id, "dora", f"Write the incident report: `gate report {rollback.id}` drafts it"),
        ("proper_fix", rollback.id, "ada", "Plan the fix of what was wrong with v1.1.0"),
    ]
    assert rollback.ended_at is not None
    notify, report, fix = (one.due_at - rollback.ended_at for one in listed(two))
    assert notify == timedelta(hours=1)
    assert timedelta(days=2) <= report <= timedelta(days=4)
    assert timedelta(days=5) <= fix <= timedelta(days=7)


def test_where_nobody_ordered_it_whoever_published_it_tells(released: World) -> None:
    released.production.next_smoke_fails(where="public")
    released.release("v1.1.0")

    assert [(one.kind, one.about, one.owner) for one in listed(released)] == [
        ("notify", "production-3", "tess"),
        ("report", "production-3", "tess"),
        ("proper_fix", "production-3", "ada"),
    ]


def test_a_second_try_opens_the_list_once(two: World) -> None:
    two.production.next_deploy_answers(500)
    two.roll_back("v1.0.0")

    assert {one.about for one in listed(two)} == {"production-4"}
    assert len(listed(two)) == 3


def test_a_rollback_that_only_stopped_a_release_on_its_way_leaves_nothing_to_do(two: World) -> None:
    two.ship_to_staging("feat: three")
    two.prepare_release("v1.2.0")
    two.away["smoke tests"].just_before("run", lambda: roll_back(two.ports, None, "wrong one", two.person("dora")))
    two.publish("v1.2.0")

    assert two.production.live() == "v1.1.0"
    assert listed(two) == []


def test_staging_has_no_such_list(released: World) -> None:
    released.staging.next_smoke_fails(where="public")
    released.ship_to_staging("feat: broken", tested=False)

    assert listed(released) == []
