"""A hotfix must get through when much else is out of order: it is what people do then."""

from staging_gate.domain.change import ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.runbook.holding import put_in_quarantine
from staging_gate.testing.world import World


def test_every_release_before_it_is_in_quarantine(two: World) -> None:
    """Its notes begin with the first import then."""
    for tag in ("v1.0.0", "v1.1.0"):
        put_in_quarantine(two.ports, tag, "it leaks", two.person("dora"))

    hotfix = two.merge(two.hotfix(), "ben")

    assert (hotfix.state, hotfix.release) == (ChangeState.MERGED, "v1.1.1")
    assert two.production.live() == "v1.1.1"


def test_somebody_has_deleted_the_branch_of_staging(released: World) -> None:
    """Then there is nothing to bring it back to."""
    released.repository.delete("refs/heads/staging")

    hotfix = released.merge(released.hotfix(), "ben")

    assert hotfix.state is ChangeState.MERGED
    live = released.live(Environment.PRODUCTION)
    assert live and live.release == hotfix.release == released.production.live()
