"""Killed anywhere with the code at GitHub and the services at Render, the outcome is the same: one merge, one tag, one
deploy at Render for each of ours, the right commit live there.

Besides the points of the other kill loop, we die before each request that changes something at a provider, and after it
before we have heard the answer.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from staging_gate.testing.connected import ConnectedWorld, connected_yaml
from staging_gate.testing.connected.places import RenderPlace
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings, v1_1_0, v1_1_0_is_merged
from tests.runbook.dying import Dying, Story, on_record
from tests.runbook.stories import v1_1_0_of_two_is_merged
from tests.runbook.test_kill_loop import (
    a_change_is_ready,
    a_check,
    a_feature_is_finished,
    a_first_release_is_merged,
    a_hotfix_is_checked,
    a_merge_waits,
    a_release_waits,
    in_public,
    it_is_approved_and_merged,
    it_is_merged,
    it_is_published,
    it_is_rolled_back,
    its_change_is_opened,
    its_time_has_come,
    staging_in_public,
)

SAMPLE = 2
"""Points per story, where not all are asked for."""

ALWAYS = ("after GitHub PUT",)
"""It was merged there, and we have not heard of it."""


def two_services_are_merged(world: World) -> None:
    v1_1_0_of_two_is_merged(world, connected_yaml(services=("api", "web")))


def it_is_rolled_back_by_render(world: World) -> None:
    world.roll_back("v1.0.0", through_provider=True)


def the_build(world: World) -> None:
    assert isinstance(world, ConnectedWorld)
    world.production.ends(world.revision("main").commit, "build_failed")


def the_second(world: World) -> None:
    assert isinstance(world, ConnectedWorld)
    world.production.ends(world.revision("main").commit, "update_failed", "web")


STORIES = {
    "the checks of a change": Story(a_feature_is_finished, its_change_is_opened, a_check),
    "a merge and its staging deployment": Story(a_change_is_ready, it_is_merged),
    "a staging deployment that is taken back": Story(a_change_is_ready, it_is_merged, staging_in_public),
    "a release": Story(v1_1_0_is_merged, it_is_published),
    "a release that Render does not build": Story(v1_1_0_is_merged, it_is_published, the_build),
    "a release that takes itself back": Story(v1_1_0_is_merged, it_is_published, in_public),
    "a first release that fails": Story(a_first_release_is_merged, it_is_published, in_public),
    "a release of two services": Story(two_services_are_merged, it_is_published, the_second),
    "a hotfix": Story(a_hotfix_is_checked, it_is_approved_and_merged),
    "a hotfix that takes itself back": Story(a_hotfix_is_checked, it_is_approved_and_merged, in_public),
    "a release that goes by itself": Story(a_release_waits, its_time_has_come),
    "a merge that goes by itself": Story(a_merge_waits, its_time_has_come),
    "a rollback": Story(v1_1_0, it_is_rolled_back),
    "a rollback by Render": Story(v1_1_0, it_is_rolled_back_by_render),
    "a rollback that fails": Story(v1_1_0, it_is_rolled_back, in_public),
}


@pytest.mark.parametrize("name", STORIES)
def test_killed_anywhere_the_outcome_is_the_same_at_the_providers(
    name: str,
    connected_beginnings: Beginnings,
    tmp_path: Path,
    rng: random.Random,
    in_full: bool,
    record_property: Callable[[str, object], None],
) -> None:
    dying = Dying(connected_beginnings, tmp_path, outcome)
    for what, found in dying.everywhere(STORIES[name], rng, None if in_full else SAMPLE, ALWAYS).items():
        record_property(what, found)


def outcome(world: ConnectedWorld) -> dict[str, Any]:
    """GitHub and Render give other ids each time, so trees are compared."""
    host = world.github.host
    return {
        **on_record(world),
        "pull requests": [
            (one.number, one.head, one.base, one.state, one.title, one.merged_as and tree(world, one.merged_as))
            for one in world.github.pulls
        ],
        "tags": {name: (tree(world, tag.commit), tag.annotated) for name, tag in host.tags().items()},
        "branches": {name: history(world, commit) for name, commit in host.branches().items()},
        "at Render": {
            str(place.environment): {service: at_render(world, place, service) for service in ("api", "web")}
            for place in (world.staging, world.production)
        },
    }


def tree(world: ConnectedWorld, commit: str) -> str:
    return world.revision(commit).tree


def history(world: ConnectedWorld, commit: str) -> list[tuple[str, int]]:
    """Every merge is there once."""
    return [(one.subject, len(one.parents)) for one in world.github.host.commits(None, commit)]


def at_render(world: ConnectedWorld, place: RenderPlace, service: str) -> dict[str, Any]:
    host = place.at_render(service)
    live = place.live_commit(service)
    return {
        "deploys": [(tree(world, commit), trigger, status) for commit, trigger, status in place.deploys(service)],
        "live": live and tree(world, live),
        "suspended": host.suspended,
        "deploys itself": host.auto_deploy,
    }
