"""`gate explain` finds what is named and asks the gate about it. That it agrees with acting, the stories show."""

import pytest

from staging_gate.domain.gate import Action
from staging_gate.runbook.changes import Unknown
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


@pytest.mark.parametrize("subject", ["7", "v7.0.0", "production-7", "nonsense", ""])
def test_what_is_not_there_is_told(released: World, subject: str) -> None:
    with pytest.raises(Unknown, match="There is no"):
        released.explain(subject, "tess")


def test_explaining_changes_nothing(released: World) -> None:
    before = released.record()
    for subject in ("1", "v1.0.0", "production-1", "rollback"):
        released.explain(subject, "ada")

    assert released.record() == before
