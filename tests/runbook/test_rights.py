"""Who may do what: the table of rights holds for every verb, whichever face calls it."""

from collections.abc import Callable
from functools import partial

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Severity
from staging_gate.domain.release import ReleaseState
from staging_gate.runbook import (
    cancelling,
    changes,
    checking,
    deciding,
    holding,
    incidents,
    merging,
    releasing,
    tokens,
)
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.redeploying import redeploy
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

VERA = Actor("vera", roles=frozenset({"viewer"}))
STRANGER = Actor("eve")
BOT = Actor("ci", roles=frozenset({"developer"}))
PRODUCTION = Environment.PRODUCTION

VERBS: dict[str, Callable[[World, Actor], object]] = {
    "open a change": lambda w, by: changes.open_change(w.ports, "feature/y", "staging", by),
    "approve": lambda w, by: changes.approve(w.ports, 1, "review", by),
    "merge": lambda w, by: merging.merge(w.ports, 1, None, by),
    "label": lambda w, by: changes.label(w.ports, 1, ["urgent"], [], by),
    "recheck": lambda w, by: checking.recheck(w.ports, changes.get(w.ports, 1), by),
    "close": lambda w, by: changes.close(w.ports, 1, by),
    "say that it was tested": lambda w, by: changes.mark_tested(w.ports, 1, by),
    "open a release": lambda w, by: releasing.open_release(w.ports, by, "v1.0.0"),
    "open an incident": lambda w, by: incidents.open_incident(w.ports, Severity.P0, "all is lost", by),
    "deploy staging again": lambda w, by: redeploy(w.ports, Environment.STAGING, by),
    "roll back": lambda w, by: roll_back(w.ports, None, "because", by),
    "hold": lambda w, by: holding.hold(w.ports, PRODUCTION, "because", by),
}


@pytest.mark.parametrize("by", [VERA, STRANGER], ids=["a viewer", "a stranger"])
def test_who_only_looks_on_does_nothing(world: World, by: Actor) -> None:
    world.change(branch="feature/x")
    world.push("feature/y", {"y.py": "y\n"})
    before = len(world.record())

    for verb, act in VERBS.items():
        assert "no_right" in closed(partial(act, world, by)), verb
    assert len(world.record()) == before


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        (VERA, "vera may only look on: viewer is vera's only role."),
        (STRANGER, "eve may only look on: gate.yaml does not name eve among its people."),
    ],
)
def test_the_reason_says_why(world: World, by: Actor, sentence: str) -> None:
    assert [reason.sentence for reason in deciding.on_taking_part(world.ports, "change 1", by).reasons] == [sentence]


def test_a_token_with_a_role_takes_part_but_does_not_review(world: World) -> None:
    change = world.change()
    changes.label(world.ports, 1, ["urgent"], [], BOT)

    assert closed(lambda: changes.approve(world.ports, change.number, "review", BOT)) == ("not_in_role",)


def test_an_approval_by_somebody_of_no_gate_yaml_does_not_count(world: World) -> None:
    change = world.change()
    with world.store.transaction() as tx:
        tx.approvals.add(
            Approval("x", 1, "review", "root", tx.at, change.head.tree, needed_policy(world.ports).hash),
        )

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("approvals_missing",)
    assert world.explain("1", "ben").reasons[0].evidence == (
        "root as review: does not count, root has not the role review",
    )


def test_the_first_rules_are_brought_by_an_administrator(made: Callable[..., World]) -> None:
    world = made(policy=None)
    change = world.change("chore: rules", {"gate.yaml": gate_yaml()}, by="ada", to="main")

    assert closed_as_explained(world, "1", "ada", lambda: world.merge(change, "ada")) == ("no_right",)
    assert world.merge(change, "root").merged


# --- ending what was begun ---------------------------------------------------------------------------------------


@pytest.fixture
def ready(released: World) -> World:
    """v1.1.0 is merged, by tess."""
    released.ship_to_staging("feat: more")
    released.prepare_release("v1.1.0")
    return released


def cancelled_in_the_build(world: World, by: str) -> tuple[str, ...]:
    """What comes of a cancel while production builds."""
    said: list[tuple[str, ...]] = []
    world.away["deploy target"].just_before(
        "build", lambda: said.append(attempt(lambda: cancelling.cancel_deployment(world.ports, last(world), person)))
    )
    person = world.person(by)
    world.publish("v1.1.0")
    return said[0]


def attempt(act: Callable[[], object]) -> tuple[str, ...]:
    try:
        act()
    except Closed as no:
        return no.decision.codes
    return ()


def last(world: World) -> str:
    return world.deployments(PRODUCTION)[-1].id


def test_a_developer_does_not_stop_production(ready: World) -> None:
    assert cancelled_in_the_build(ready, "ada") == ("no_right",)
    assert ready.deployments(PRODUCTION)[-1].state is DeploymentState.SUCCEEDED


@pytest.mark.parametrize("by", ["tess", "dora"])
def test_who_began_it_or_runs_production_stops_it(ready: World, by: str) -> None:
    assert cancelled_in_the_build(ready, by) == ()
    assert ready.deployments(PRODUCTION)[-1].state is DeploymentState.ABORTED


def test_a_release_is_withdrawn_by_who_opened_it_or_leads(ready: World) -> None:
    assert closed(lambda: releasing.withdraw(ready.ports, "v1.1.0", ready.person("ben"))) == ("no_right",)
    assert releasing.withdraw(ready.ports, "v1.1.0", ready.person("tess")).state is ReleaseState.WITHDRAWN


def test_closing_the_change_of_a_release_is_withdrawing_it(released: World) -> None:
    released.ship_to_staging("feat: more")
    change = released.prepare_release("v1.1.0", merged=False)

    assert closed(lambda: changes.close(released.ports, change.number, released.person("ben"))) == ("no_right",)
    assert changes.close(released.ports, change.number, released.person("ada")).state == "closed"


def test_a_release_whose_change_is_being_merged_is_not_withdrawn(released: World) -> None:
    released.ship_to_staging("feat: more")
    change = released.prepare_release("v1.1.0", merged=False)
    said: list[str] = []
    released.away["code host"].just_before("merge", lambda: said.append(refusal(released)))
    released.merge(change, "tess")

    assert said == ["The change of v1.1.0 is being merged: it can not be withdrawn now."]
    assert releasing.get(released.ports, "v1.1.0").state is ReleaseState.MERGED


def refusal(world: World) -> str:
    with pytest.raises(Unusable) as no:
        releasing.withdraw(world.ports, "v1.1.0", world.person("tess"))
    return str(no.value)


def test_who_only_looks_on_makes_no_tokens(world: World) -> None:
    with pytest.raises(Unusable, match="cleo may only look on, so an administrator makes this token."):
        tokens.create(world.ports, "cleo", Actor("cleo", roles=frozenset({"viewer"})))


def test_a_change_is_still_open_to_all_who_take_part(world: World) -> None:
    change: Change = world.change()

    assert changes.close(world.ports, change.number, world.person("cleo"), "a twin of 2").state == "closed"
