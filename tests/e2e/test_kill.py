"""The server is killed before, in and after every step, and what comes of it is what comes of it without a kill."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.places import Places
from staging_gate.domain.environment import Environment
from staging_gate.testing import eventually
from staging_gate.testing.strict_client import StrictClient
from staging_gate.wire.api import NotReachable
from tests.e2e.installation import Installation, an_installation
from tests.e2e.killer import PUSH_POINTS, Weapon, launch_deadly, points_of_runs
from tests.e2e.processes import strays, too_many
from tests.e2e.stories import COLD_ROLLBACK, DEPLOYMENT, PROOF, RELEASE, ROLLBACK, SERVICES, Parts, Story, tell

SAMPLE = 3
"""How often a story is told by default, each time with a kill in each of its runs."""

Points = Mapping[str, Sequence[Sequence[str]]]
"""Of each part, where each of its runs can be killed."""


@dataclass
class Stage:
    """An installation with two releases in production, which is asked all the time."""

    story: Story
    weapon: Weapon
    client: StrictClient
    kills: int = 0
    missed: int = 0

    def without_a_kill(self, parts: Parts) -> tuple[str, Points]:
        """What comes of the story, and where it can be killed."""
        points = {}
        since = self.story.mark()
        for name, do in parts.items():
            self.weapon.reached()
            do(self.story)
            self.story.settle()
            runs = points_of_runs(self.weapon.reached())
            points[name] = [run for run in runs if not run[0].startswith(f"{PROOF}: ")]
        return self.story.outcome(since), points

    def with_kills(self, parts: Parts, at: Mapping[str, Sequence[str]]) -> str:
        """What comes of the story when the server is killed at each of these points, and started again."""
        since = self.story.mark()
        for name, do in parts.items():
            points = at.get(name, ())
            self.weapon.arm(*points)
            with contextlib.suppress(*([NotReachable] if points else [])):
                do(self.story)
            for _ in points:
                if not self.is_killed():
                    break
            self.story.at.await_start()
            self.story.settle()
        return self.story.outcome(since)

    def assert_well(self) -> None:
        """What must be true whatever happened."""
        self.story.record.assert_intact()
        assert self.client.failures == ()
        assert self.missed <= self.kills
        eventually(lambda: not too_many(self.story.at))
        eventually(lambda: not strays(self.story.at))

    def is_killed(self) -> bool:
        """Whether we were, within a time; some points are not on every way: a process may have ended by itself, or a
        candidate need not be started. Then nothing is left to be killed at."""
        assert self.story.at.server
        try:
            code = self.story.at.server.wait(20)
        except TimeoutError:
            self.missed += len(self.weapon.disarm())
            return False
        assert code == -9, f"the server ended by itself, with {code}: {self.story.at.server_log()}"
        self.story.at.begin_to_start()  # what it takes up at once may be the next one to be killed
        self.kills += 1
        return True


def test_on_the_way_to_production(stage: Stage, plan: "Plan") -> None:
    stage.story.write_a_change()
    expected, points = stage.without_a_kill(RELEASE)

    for at in plan(points):
        stage.story.write_a_change()
        assert stage.with_kills(RELEASE, at) == expected, at
        stage.assert_well()


def test_a_candidate_whose_merge_is_never_done_is_let_go(stage: Stage) -> None:
    """It runs, we die before the merge, and somebody pushes once more before we are back."""
    at, before = stage.story.at, stage.story.record.deployments()
    stage.story.write_a_change()
    stage.story.open_change()
    stage.story.settle()
    held = at.state / "repository.git/refs/heads/staging.lock"
    held.touch()  # git gives up, and we try again later

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(stage.story.merge)
        eventually(lambda: len(started_early(at)) == 2)
        at.kill()
        assert isinstance(asked.exception(), NotReachable)
    at.commit("fix: one thing more")
    repository = str(at.state / "repository.git")
    at.git("--git-dir", repository, "fetch", "--quiet", str(at.tree), f"HEAD:refs/heads/{stage.story.branch}")
    assert len(started_early(at)) == 2
    at.start()

    eventually(lambda: not started_early(at), within=30)
    held.unlink()
    stage.assert_well()
    change = at.as_("ben").get(f"/changes/{stage.story.open_one()}")["change"]
    assert (change["merged_by"], stage.story.record.deployments()) == (None, before)
    at.as_("ben").post(f"/changes/{change['number']}/close")


def started_early(at: Installation) -> list[str]:
    """What runs for deployments that have not come."""
    every = (Places(Layout(at.state), Environment.STAGING, service) for service in SERVICES)
    return [p.process for places in every for p in places.all() if p.unclaimed and places.process(p.process)]


def test_while_a_bad_release_takes_itself_back(stage: Stage, plan: "Plan") -> None:
    stage.story.write_a_change("broken in public")
    expected, points = stage.without_a_kill(RELEASE)
    stage.story.lift_everything()

    for at in plan({"publish it": points["publish it"][1:]}):
        stage.story.write_a_change("broken in public")
        assert stage.with_kills(RELEASE, at) == expected, at
        stage.assert_well()
        stage.story.lift_everything()


def test_while_a_candidate_fails(stage: Stage, plan: "Plan") -> None:
    stage.story.write_a_change("crash")
    expected, points = stage.without_a_kill(DEPLOYMENT)

    for at in plan({"merge it": points["merge it"][1:]}):
        stage.story.write_a_change("crash")
        assert stage.with_kills(DEPLOYMENT, at) == expected, at
        stage.assert_well()


def test_while_rolling_back(stage: Stage, plan: "Plan") -> None:
    expected, points = stage.without_a_kill(ROLLBACK)
    stage.story.lift_everything()

    for at in plan(points):
        assert stage.with_kills(ROLLBACK, at) == expected, at
        stage.assert_well()
        stage.story.lift_everything()


def test_while_rolling_back_to_what_is_not_warm_any_more(stage: Stage, plan: "Plan") -> None:
    expected, points = stage.without_a_kill(COLD_ROLLBACK)
    stage.story.lift_everything()

    for at in plan(points):
        assert stage.with_kills(COLD_ROLLBACK, at) == expected, at
        stage.assert_well()
        stage.story.lift_everything()


def test_while_a_rollback_is_ordered_by_a_tag(stage: Stage) -> None:
    """Whoever pushed sees an error, and pushes again; it is one order."""
    at = stage.story.at
    for number, point in enumerate(PUSH_POINTS, 1):
        before = stage.story.record.deployments()
        release = stage.story.way_back()
        tag = f"{release}-rollback.{number}"
        at.git("tag", "--annotate", "-m", "it is slow", tag)

        stage.weapon.arm(point)
        first = at.try_git("push", at.clone_address("dana"), tag)
        assert stage.is_killed()
        at.await_start()
        again = at.try_git("push", at.clone_address("dana"), tag)
        stage.story.settle()

        assert first.returncode != 0
        assert again.returncode == 0, again.stderr
        [rollback] = stage.story.record.deployments()[len(before) :]
        assert (rollback.release, str(rollback.state), rollback.requested_by) == (release, "succeeded", "dana")
        assert stage.story.revision_at("production api") == rollback.revision.commit
        stage.assert_well()
        stage.story.lift_everything()


Plan = Callable[[Points], list[dict[str, list[str]]]]


@pytest.fixture
def plan(rng: random.Random, in_full: bool, record_property: Callable[[str, object], None]) -> Plan:
    """How the story is told, again and again, until it was killed at every point, or at a sample of them."""

    def make(points: Points) -> list[dict[str, list[str]]]:
        chosen = {
            part: [list(run) if in_full else rng.sample(list(run), SAMPLE) for run in runs]
            for part, runs in points.items()
        }
        times = max(len(run) for runs in chosen.values() for run in runs)
        killed = sum(len(run) for runs in chosen.values() for run in runs)
        every = sum(len(run) for runs in points.values() for run in runs)
        record_property("kill points", f"{killed} of {every}")
        return [
            {part: [run[number] for run in runs if number < len(run)] for part, runs in chosen.items()}
            for number in range(times)
        ]

    return make


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with an_installation(launch_deadly) as one:
        one.start()
        story = Story(one)
        story.begin()
        for _ in range(2):
            story.write_a_change()
            tell(story, RELEASE)
        with StrictClient(f"http://127.0.0.1:{one.ports['production api']}", rate=50) as client:
            yield Stage(story, Weapon(one.folder), client)
