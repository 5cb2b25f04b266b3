"""What stories have in common."""

from collections.abc import Callable

import pytest

from staging_gate.runbook.deciding import Closed
from staging_gate.testing.world import World


def closed(act: Callable[[], object]) -> tuple[str, ...]:
    """Why the gate is closed for this act: the codes of its reasons."""
    with pytest.raises(Closed) as no:
        act()
    return no.value.decision.codes


def closed_as_explained(world: World, subject: str, by: str, act: Callable[[], object]) -> tuple[str, ...]:
    """The same; `gate explain` says exactly this before anybody acts, in the same words."""
    explained = world.explain(subject, by)
    with pytest.raises(Closed) as no:
        act()
    told = no.value.decision.reasons
    assert [reason.sentence for reason in explained.reasons] == [reason.sentence for reason in told]
    assert explained.codes == no.value.decision.codes
    return explained.codes


def actions(world: World, subject: str) -> list[str]:
    """What the record says was done about a subject, in order."""
    return [action for _, action, _ in world.record(subject)]
