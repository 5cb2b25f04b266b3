"""What following pull requests costs of GitHub's limit: 5,000 requests an hour."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from staging_gate.domain.check import Verdict
from staging_gate.domain.pull_request import PullRequest
from staging_gate.runbook import following_pull_requests
from staging_gate.testing.connected import ConnectedWorld

MANY = 20
LOOK = following_pull_requests.READ_AGAIN_AFTER + timedelta(seconds=10)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectedWorld]:
    world = ConnectedWorld.begin(tmp_path / "world")
    yield world
    world.close()


def test_unchanged_pull_requests_cost_nothing_of_the_limit(world: ConnectedWorld) -> None:
    world.post.held = True
    for number in range(MANY):
        world.push(f"feature/f{number}", {f"app/f{number}.py": "x = 1\n"})
        world.github.as_("ada").opens(f"feature/f{number}")
    following_pull_requests.follow(world.ports, anew=True)
    look(world)  # GitHub knows only now whether they merge

    asked, counted = look(world)
    # That staging has no classic protection is told by a 404, which counts.
    assert (asked, counted) == (4 * MANY + 4, 1)

    world.github.statuses[world.github.pulls[3].head_sha] = [{"context": "lint", "state": "failure"}]
    world.github.as_("ben").reviews(5, "APPROVED")
    assert look(world) == (asked, counted + 2)
    assert checks(world, 4) == [("lint", Verdict.FAILED)]
    assert [one.person for one in heard(world, 5).opinions or ()] == ["ben"]


def test_what_is_required_meanwhile_is_seen_by_the_next_look(world: ConnectedWorld) -> None:
    world.push("feature/a", {"app/a.py": "x = 1\n"})
    number = world.github.as_("ada").opens("feature/a")
    following_pull_requests.follow(world.ports, anew=True)
    world.github.classic["staging"] = {"strict": True, "contexts": ["lint"]}
    world.clock.advance(seconds=10)
    following_pull_requests.follow(world.ports, anew=True)
    assert checks(world, number) == [("lint", Verdict.MISSING)]


def look(world: ConnectedWorld) -> tuple[int, int]:
    """How many requests it made, and how many of them GitHub counts."""
    asked, counted = calls(world), world.github.counted
    world.clock.advance(seconds=LOOK.total_seconds())
    following_pull_requests.follow(world.ports)
    return calls(world) - asked, world.github.counted - counted


def calls(world: ConnectedWorld) -> int:
    return len([one for one in world.github.web.asked if one.path.startswith("/api/")])


def heard(world: ConnectedWorld, number: int) -> PullRequest:
    with world.store.reading() as tx:
        known = tx.pull_requests.get(number)
    assert known
    return known.pull


def checks(world: ConnectedWorld, number: int) -> list[tuple[str, Verdict]]:
    return [(one.name, one.verdict) for one in heard(world, number).checks or ()]
