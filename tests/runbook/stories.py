"""What stories have in common."""

from collections.abc import Callable

import pytest

from staging_gate.runbook import changes
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


def v1_1_0_of_two_is_merged(world: World, policy: str) -> None:
    """v1.0.0 has both services of this policy, v1.1.0 waits for its tag."""
    world.approve(change := world.change("feat: web", {"gate.yaml": policy}))
    world.approve(change, "tess", "tech_lead")
    world.merge(change)
    changes.mark_tested(world.ports, change.number, world.person("cleo"))
    world.prepare_release("v1.0.0")
    world.publish("v1.0.0")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")
