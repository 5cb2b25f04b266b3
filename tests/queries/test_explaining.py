"""`gate explain` finds what is named and asks the gate about it. That it agrees with acting, the stories show."""

import pytest

from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action
from staging_gate.queries.explaining import explain, place
from staging_gate.runbook import releasing
from staging_gate.runbook.changes import Unknown
from staging_gate.runbook.holding import hold
from staging_gate.runbook.redeploying import redeploy
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing.world import World


@pytest.mark.parametrize(
    ("subject", "action", "about"),
    [
        ("1", Action.MERGE, "change 1"),
        ("#1", Action.MERGE, "change 1"),
        ("v1.0.0", Action.PUBLISH, "v1.0.0"),
        ("production-1", Action.DEPLOY, "production-1"),
        ("staging-1", Action.DEPLOY, "staging-1"),
        ("rollback", Action.ROLL_BACK, "the last verified release"),
        ("rollback v1.0.0", Action.ROLL_BACK, "v1.0.0"),
    ],
)
def test_what_is_named_is_found(released: World, subject: str, action: Action, about: str) -> None:
    decision = released.explain(subject, "tess")

    assert (decision.action, decision.subject, decision.actor) == (action, about, "tess")


def test_a_rollback_that_waits_is_no_promotion(two: World) -> None:
    """No hold concerns it."""
    hold(two.ports, Environment.PRODUCTION, "not now", two.person("dora"))
    asked = []

    def order_and_ask() -> None:
        roll_back(two.ports, "v1.0.0", "prices are wrong", two.person("dora"))
        asked.append(two.explain("production-4", "tess"))

    two.away["deploy target"].just_before("build", order_and_ask)
    redeploy(two.ports, Environment.PRODUCTION, two.person("dora"))
    two.settle()

    assert [decision.action for decision in asked] == [Action.ROLL_BACK]
    assert asked[0].open


def test_what_was_pushed_behind_our_back_is_seen(world: World) -> None:
    """Else somebody is told to go on, and refused when he does."""
    change = world.change()
    world.approve(change)
    tip = world.revision("staging").commit
    other = world.repository.commit(tip, {"evil.py": "evil\n"}, "by hand", "eve", world.clock.now())
    world.repository.move("refs/heads/staging", other)

    told = world.explain(str(change.number), "ben")

    assert told.codes == ("checks_pending",)
    world.settle()
    assert world.explain(str(change.number), "ben").open


def test_what_deploying_an_environment_again_would_get(released: World) -> None:
    """Staging's hold; production would run again what is live there, which no hold concerns."""
    for environment in Environment:
        hold(released.ports, environment, "not now", released.person("dora"))
    released.repository.move("refs/heads/staging", released.revision("main").commit)
    dora = released.person("dora")

    decisions = {e: explain(released.ports, e, dora, Action.DEPLOY) for e in Environment}

    assert decisions[Environment.STAGING].codes == ("hold",)
    assert decisions[Environment.PRODUCTION].open


@pytest.mark.parametrize("subject", ["7", "v7.0.0", "production-7", "nonsense", ""])
def test_what_is_not_there_is_told(released: World, subject: str) -> None:
    with pytest.raises(Unknown, match="There is no"):
        released.explain(subject, "tess")


def test_explaining_changes_nothing(released: World) -> None:
    before = released.record()
    for subject in ("1", "v1.0.0", "production-1", "rollback"):
        released.explain(subject, "ada")

    assert released.record() == before


def test_what_waits_says_where_it_stands(merged: World) -> None:
    told: list[list[str]] = []

    def publish_and_ask() -> None:
        run = releasing.publish(merged.ports, "v1.1.0", merged.person("tess"))
        assert run is not None
        merged.engine.wait(run, within=20)
        places = [place(merged.ports, subject) for subject in ("v1.1.0", "production-3")]
        told.append([each.said for each in places if each])

    merged.away["deploy target"].just_before("build", publish_and_ask)
    redeploy(merged.ports, Environment.PRODUCTION, merged.person("dora"))
    merged.settle()

    assert told == [["production-3 is number 2 in the queue: it waits for production-2."] * 2]
    assert place(merged.ports, "v1.1.0") is None, "it is there"
    assert place(merged.ports, "3") is None
