"""`gate what-if`: the same gate, another moment, another person, other rules; and nothing is left of it."""

from dataclasses import replace

import pytest

from staging_gate.domain.gate import Action
from staging_gate.ports.policy import PolicyProblems
from staging_gate.queries.what_if import Assumption, WhatIf, what_if
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World


def ask(world: World, subject: str, by: str = "tess", action: Action | None = None, **assumed: str) -> WhatIf:
    return what_if(world.ports, subject, world.person(by), Assumption(**assumed), action)


def test_without_assumptions_it_is_what_explain_says(merged: World) -> None:
    for subject in ("1", "3", "v1.1.0", "production-1", "rollback v1.0.0", "production"):
        answer = ask(merged, subject)

        explained = merged.explain(subject, "tess")
        assert answer.decision == answer.present == replace(explained, at=answer.decision.at)


def test_somebody_else(merged: World) -> None:
    answer = ask(merged, "v1.1.0", actor="ada")

    assert (answer.decision.actor, answer.decision.codes) == ("ada", ("no_right",))
    assert (answer.present.actor, answer.present.open) == ("tess", True)
    assert answer.said == ("SUPPOSED, nothing is done: Thu 2026-03-05 10:00 UTC, ada acts, under the rules in force.")


def test_what_goes_by_itself_asks_as_the_calendar(merged: World) -> None:
    assert ask(merged, "v1.1.0", actor="calendar").decision.open


def test_another_moment(merged: World) -> None:
    answer = ask(merged, "v1.1.0", at="+15d")

    assert (answer.decision.at - answer.present.at).days == 15
    assert [warning.code for warning in answer.decision.warnings] == ["large_release"]
    assert answer.present.warnings == ()


def test_other_rules(merged: World) -> None:
    """Nobody but stan is a tech lead there."""
    rules = gate_yaml(roles={"tech_lead": ["stan"], "stakeholder": ["cleo"], "devops": ["dora"]})

    assert ask(merged, "v1.1.0", policy=rules).decision.open, "the roles of who asks are those of the token"
    assert ask(merged, "v1.1.0", policy=rules, actor="tess").decision.codes == ("no_right",)
    assert "under the gate.yaml that you gave" in ask(merged, "v1.1.0", policy=rules).said


def test_approvals_count_as_if_given_under_the_other_rules(released: World) -> None:
    released.ship_to_staging("feat: charts")
    change = released.prepare_release("v1.1.0", merged=False)
    twice = gate_yaml(
        production={"approvals": {"tech_lead": 1, "stakeholder": 1, "devops": 1}},
    )

    assert ask(released, str(change.number)).decision.open
    [reason] = ask(released, str(change.number), policy=twice).decision.reasons
    assert reason.sentence.startswith("Approvals are missing: 1 more as devops;")


def test_all_problems_of_the_given_rules_are_told(merged: World) -> None:
    with pytest.raises(PolicyProblems) as broken:
        ask(merged, "v1.1.0", policy="product: 7\ncolour: red\n")

    assert any("gate.yaml:2:1: colour: unknown key" in problem for problem in broken.value.problems)
    assert len(broken.value.problems) > 1


def test_nothing_is_stored(merged: World) -> None:
    before = merged.record()
    ask(merged, "v1.1.0", at="+15d", actor="ada", policy=gate_yaml())

    assert merged.record() == before
    assert ask(merged, "v1.1.0").decision.open


def test_what_is_no_moment_is_told(merged: World) -> None:
    with pytest.raises(Unusable, match="'fri 25:00' is no moment; wanted one such as fri 15:00"):
        ask(merged, "v1.1.0", at="fri 25:00")
    with pytest.raises(Unusable):
        ask(merged, "v1.1.0", at="0001-01-01T00:00+14:00")
    with pytest.raises(Unknown, match="There is no release 'v7.0.0'"):
        ask(merged, "v7.0.0", at="+1h")


@pytest.mark.parametrize(
    ("subject", "action", "codes"),
    [
        ("3", Action.APPROVE, ("change_merged",)),
        ("v1.1.0", Action.PUBLISH, ()),
        ("v1.1.0", Action.DEPLOY, ()),
        ("v1.1.0", Action.EDIT, ()),
        ("v1.1.0", Action.WITHDRAW, ()),
        ("v1.0.0", Action.ROLL_BACK, ("already_live",)),
        ("production", Action.HOLD, ()),
        ("production-1", Action.CANCEL, ()),
    ],
)
def test_every_act_can_be_asked_about(merged: World, subject: str, action: Action, codes: tuple[str, ...]) -> None:
    decision = ask(merged, subject, action=action).decision

    assert (decision.action, decision.codes) == (action, codes)


def test_an_act_that_has_nothing_to_do_with_the_subject_is_told(merged: World) -> None:
    with pytest.raises(Unusable) as no:
        ask(merged, "production", action=Action.MERGE)
    assert str(no.value).startswith("merge can not be asked about production: with an environment one can ")
    assert "roll-back" in str(no.value)


def test_without_rules_on_main_there_is_nothing_to_suppose(world: World) -> None:
    main = world.revision("main").commit
    bare = world.repository.commit(main, {"gate.yaml": None}, "chore: no rules", "root", world.clock.now())
    world.repository.move("refs/heads/main", bare)

    with pytest.raises(Unusable, match=r"main has no gate\.yaml yet"):
        ask(world, "production", action=Action.HOLD, policy=gate_yaml())
