"""What every deploy target promises, as ports/deploy_target.py says it. A new one adds its line to `STAGES`."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from staging_gate.adapters import vercel
from staging_gate.adapters.local.places import Places
from staging_gate.adapters.render import RenderTarget, Settings, connect
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Service, Target
from staging_gate.ports.deploy_target import DeployTarget, Live, Order, Ready
from staging_gate.ports.errors import OutsideError, Refused, Stopped
from staging_gate.testing import eventually
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.deploy_target import FakeTarget
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.render.render import KEY
from staging_gate.testing.vercel import TOKEN, VercelStandIn
from tests.adapters.local.sample import Repository, World, a_world
from tests.adapters.render.connecting import render_stand_in


class Stage(Protocol):
    """One implementation with a service of its own to deploy."""

    @property
    def target(self) -> DeployTarget: ...

    def revision(self, healthy: bool = True) -> Revision:
        """A new revision of the service; one that is not healthy never answers its health rightly."""
        ...

    def order(self, deployment: str, revision: Revision, reuse_warm: bool = False) -> Order: ...

    @property
    def keeps_more(self) -> bool:
        """Whether its provider keeps what was live, whatever we let go of."""
        ...

    def lose_processes(self) -> None:
        """Everything that runs dies behind the target's back."""
        ...


class TalkingStage(Stage, Protocol):
    """One whose target tells what services have said."""

    def says(self, line: str, order: Order) -> None:
        """The service of this deployment writes a line to its log."""
        ...


class EarlyStage(TalkingStage, Protocol):
    """One whose target starts candidates before their deployment is there, where it is told to."""

    def running(self) -> int:
        """How many processes of services run."""
        ...


class LocalStage:
    keeps_more = False

    def __init__(self, world: World) -> None:
        self._world = world
        self._made = 0

    @property
    def target(self) -> DeployTarget:
        return self._world.local.target

    def revision(self, healthy: bool = True) -> Revision:
        self._made += 1
        settings = {"number": self._made} if healthy else {"crash": "it is broken"}
        return self._world.repository.commit_files({"settings.json": json.dumps(settings)})

    def order(self, deployment: str, revision: Revision, reuse_warm: bool = False) -> Order:
        return self._world.order(revision, deployment, reuse_warm=reuse_warm)

    def lose_processes(self) -> None:
        for process in self._world.processes():
            process.stop(within=0)

    def running(self) -> int:
        return len(self._world.processes())

    def says(self, line: str, order: Order) -> None:
        place = Places(self._world.layout, order.environment, order.service.name).get(order.deployment)
        assert place
        self._world.local.logs.append(f"{place.log}/run-{order.service.name}", f"{line}\n")


@contextmanager
def local(folder: Path) -> Iterator[EarlyStage]:
    world = a_world(folder / "state", Repository(folder / "repository"))
    try:
        yield LocalStage(world)
    finally:
        world.end()


class FakeStage:
    keeps_more = False
    service = Service("api", ("serve",), Health(), {environment: Target("local") for environment in Environment})

    def __init__(self) -> None:
        self.target = FakeTarget()
        self._made = 0

    def revision(self, healthy: bool = True) -> Revision:
        self._made += 1
        made = Revision(f"{self._made:040x}", f"{self._made + 1000:040x}")
        if not healthy:
            self.target.never_healthy(made.commit)
        return made

    def order(self, deployment: str, revision: Revision, reuse_warm: bool = False) -> Order:
        staging = Environment.STAGING
        return Order(deployment, staging, self.service, self.service.target(staging), revision, reuse_warm=reuse_warm)

    def lose_processes(self) -> None:
        self.target.lose_processes()

    def running(self) -> int:
        return sum(process.running for route in self.target.known.routes.values() for process in route.processes)

    def says(self, line: str, order: Order) -> None:
        process = self.target.route(order.environment, order.service.name).of(order.deployment)
        assert process
        process.said.append(line)


@contextmanager
def fake(folder: Path) -> Iterator[EarlyStage]:
    yield FakeStage()


class RenderStage:
    keeps_more = True
    service = Service("api", (), Health(), {one: Target("render", identity="srv-api") for one in Environment})

    def __init__(self, render: RenderStandIn, target: RenderTarget, clock: MovableClock) -> None:
        self.target = target
        self._hosted = render.host("srv-api")
        self._clock = clock
        self._made = 0

    def revision(self, healthy: bool = True) -> Revision:
        self._made += 1
        made = Revision(f"{self._made:040x}", f"{self._made + 1000:040x}")
        if not healthy:
            self._hosted.broken[made.commit] = "update_failed"
        return made

    def order(self, deployment: str, revision: Revision, reuse_warm: bool = False) -> Order:
        staging = Environment.STAGING
        return Order(deployment, staging, self.service, self.service.target(staging), revision, reuse_warm=reuse_warm)

    def lose_processes(self) -> None:
        """Render keeps what it has built only for a while."""
        self._hosted.artifacts.clear()

    def says(self, line: str, order: Order) -> None:
        self._hosted.logs.append((self._clock.now(), line))
        self._clock.advance(seconds=1)


@contextmanager
def render(folder: Path) -> Iterator[TalkingStage]:
    clock = MovableClock()
    with render_stand_in(clock) as there:
        target = connect(Settings(KEY, folder / "render", there.address), clock)
        yield RenderStage(there, target, clock)


class VercelStage:
    """`settings` say which way the traffic goes: by promoting, or by giving a domain to a preview."""

    keeps_more = False

    def __init__(self, there: VercelStandIn, target: vercel.VercelTarget, settings: dict[str, str]) -> None:
        self.target = target
        self._hosted = there.host("prj_api", "api.example")
        self._hosted.says = {}
        at = Target("vercel", identity="prj_api", settings=settings)
        self._service = Service("api", (), Health(), {one: at for one in Environment})
        self._made = 0

    def revision(self, healthy: bool = True) -> Revision:
        self._made += 1
        made = Revision(f"{self._made:040x}", f"{self._made + 1000:040x}")
        if not healthy:
            self._hosted.unwell.add(made.commit)
        return made

    def order(self, deployment: str, revision: Revision, reuse_warm: bool = False) -> Order:
        staging = Environment.STAGING
        at = self._service.target(staging)
        return Order(deployment, staging, self._service, at, revision, reuse_warm=reuse_warm)

    def lose_processes(self) -> None:
        """Vercel keeps what it has built by the project's rules, and no longer."""
        self._hosted.deployments.clear()


@contextmanager
def vercel_promoting(folder: Path) -> Iterator[Stage]:
    with vercel_stage(folder, {"environment": "production"}) as one:
        yield one


@contextmanager
def vercel_preview(folder: Path) -> Iterator[Stage]:
    with vercel_stage(folder, {"environment": "preview", "domain": "staging.api.example"}) as one:
        yield one


@contextmanager
def vercel_stage(folder: Path, settings: dict[str, str]) -> Iterator[Stage]:
    clock = MovableClock()
    with VercelStandIn(clock) as there:
        target = vercel.connect(vercel.Settings(TOKEN, folder / "vercel", there.address), clock)
        yield VercelStage(there, target, settings)


EARLY: dict[str, Callable[[Path], AbstractContextManager[EarlyStage]]] = {"fake": fake, "local": local}
TALKING: dict[str, Callable[[Path], AbstractContextManager[TalkingStage]]] = {**EARLY, "render": render}
STAGES: dict[str, Callable[[Path], AbstractContextManager[Stage]]] = {
    **TALKING,
    "vercel": vercel_promoting,
    "vercel-preview": vercel_preview,
}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with STAGES[request.param](tmp_path) as one:
        yield one


@pytest.fixture(params=TALKING)
def talking(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TalkingStage]:
    with TALKING[request.param](tmp_path) as one:
        yield one


@pytest.fixture(params=EARLY)
def early(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EarlyStage]:
    with EARLY[request.param](tmp_path) as one:
        yield one


def never() -> bool:
    return False


def candidate(stage: Stage, order: Order) -> Ready:
    assert stage.target.build(order, f"{order.deployment}/build", never)
    assert stage.target.upgrade_schema(order, f"{order.deployment}/schema")
    stage.target.start(order)
    return stage.target.wait_until_ready(order, never)


def deployed(stage: Stage, deployment: str) -> Order:
    order = stage.order(deployment, stage.revision())
    candidate(stage, order)
    stage.target.switch(order)
    return order


def live(stage: Stage, order: Order) -> Live:
    return stage.target.live(order.environment, order.service, order.target)


def test_a_target_that_works_has_no_objection(stage: Stage) -> None:
    order = stage.order("staging-1", stage.revision())

    assert stage.target.reachable(order.target) is None


def test_before_the_first_switch_nothing_is_live(stage: Stage) -> None:
    order = stage.order("staging-1", stage.revision())

    candidate(stage, order)

    assert (live(stage, order).deployment, live(stage, order).commit) == (None, None)


def test_only_a_switch_moves_the_traffic(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    second = stage.order("staging-2", stage.revision())

    ready = candidate(stage, second)

    assert not ready.warm
    assert live(stage, first).commit == first.revision.commit
    stage.target.switch(second)
    assert (live(stage, second).deployment, live(stage, second).commit) == ("staging-2", second.revision.commit)
    assert live(stage, second).address == stage.target.address(second.environment, second.service, second.target)


def test_every_step_can_be_done_again(stage: Stage) -> None:
    order = deployed(stage, "staging-1")

    candidate(stage, order)
    stage.target.switch(order)

    assert live(stage, order).deployment == "staging-1"


def test_what_was_only_got_ready_is_nowhere(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    second = stage.order("staging-2", stage.revision())

    stage.target.get_ready([replace(second, deployment="change-2")], start=False)

    assert live(stage, first).deployment == "staging-1"
    candidate(stage, second)
    assert live(stage, first).deployment == "staging-1"


def test_getting_ready_what_does_not_exist_disturbs_nobody(stage: Stage) -> None:
    order = stage.order("staging-1", stage.revision())

    unknown = replace(order, deployment="change-1", revision=Revision("1" * 40, "2" * 40))
    stage.target.get_ready([unknown], start=True)

    candidate(stage, order)


def test_a_candidate_that_was_started_before_its_deployment_was_there_is_taken_by_it(early: EarlyStage) -> None:
    first = deployed(early, "staging-1")
    second = early.order("staging-2", early.revision())

    started_early(early, second)

    assert live(early, first).deployment == "staging-1"
    ready = candidate(early, second)
    assert (ready.warm, early.running()) == (False, 2)
    early.target.let_go(())
    early.target.switch(second)
    assert (live(early, second).deployment, live(early, second).healthy) == ("staging-2", None)


def test_a_candidate_whose_deployment_does_not_come_is_let_go(early: EarlyStage) -> None:
    first = deployed(early, "staging-1")
    second = early.order("staging-2", early.revision())
    started_early(early, second)

    early.target.let_go(("change-2",))
    assert early.running() == 2
    early.target.let_go(("change-3",))

    eventually(lambda: early.running() == 1)
    assert live(early, first).deployment == "staging-1"
    assert not candidate(early, second).warm


def test_nobody_takes_a_candidate_of_another_revision(early: EarlyStage) -> None:
    deployed(early, "staging-1")
    started_early(early, early.order("staging-2", early.revision()))

    other = deployed(early, "staging-2")

    assert live(early, other).commit == other.revision.commit
    early.target.retire(other.environment, other.service, keep=("staging-2", "staging-1"))
    eventually(lambda: early.running() == 2)


def test_a_second_start_before_the_deployment_is_there_is_the_same(early: EarlyStage) -> None:
    order = early.order("staging-1", early.revision())

    started_early(early, order)
    early.target.get_ready([replace(order, deployment="change-2")], start=True)
    candidate(early, order)

    assert early.running() == 1


def started_early(early: EarlyStage, order: Order) -> None:
    before = early.running()
    early.target.get_ready([replace(order, deployment="change-2")], start=True)
    eventually(lambda: early.running() == before + 1)


def test_a_bad_release_is_refused_with_evidence_and_what_is_live_stays(stage: Stage) -> None:
    good = deployed(stage, "staging-1")
    bad = stage.order("staging-2", stage.revision(healthy=False))

    with pytest.raises(Refused) as refused:
        candidate(stage, bad)
        stage.target.switch(bad)  # where the provider has no candidates

    assert refused.value.message and refused.value.evidence
    assert live(stage, good).deployment == "staging-1"
    stage.target.discard(bad)
    stage.target.discard(bad)
    assert live(stage, good).deployment == "staging-1"


def test_the_earlier_deployment_comes_back_warm(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    deployed(stage, "staging-2")

    for _ in range(2):
        assert stage.target.put_back(first).warm
        assert (live(stage, first).deployment, live(stage, first).commit) == ("staging-1", first.revision.commit)


def test_the_earlier_deployment_comes_back_when_its_process_is_gone(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    deployed(stage, "staging-2")
    stage.lose_processes()

    ready = stage.target.put_back(first)

    assert not ready.warm
    assert live(stage, first).deployment == "staging-1"


def test_a_rollback_takes_a_warm_process_of_its_revision(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    deployed(stage, "staging-2")
    rollback = stage.order("staging-3", first.revision, reuse_warm=True)

    assert candidate(stage, rollback).warm

    stage.target.switch(rollback)
    assert (live(stage, rollback).deployment, live(stage, rollback).commit) == ("staging-3", first.revision.commit)


def test_a_deployment_of_a_revision_that_runs_already_is_started_anew(stage: Stage) -> None:
    first = deployed(stage, "staging-1")

    assert not candidate(stage, stage.order("staging-2", first.revision)).warm


def test_a_rollback_that_is_discarded_leaves_the_process_to_the_other(stage: Stage) -> None:
    first = deployed(stage, "staging-1")
    deployed(stage, "staging-2")
    rollback = stage.order("staging-3", first.revision, reuse_warm=True)
    candidate(stage, rollback)

    stage.target.discard(rollback)

    assert stage.target.put_back(first).warm


def test_what_receives_traffic_is_not_discarded(stage: Stage) -> None:
    order = deployed(stage, "staging-1")

    stage.target.discard(order)

    assert live(stage, order).deployment == "staging-1"
    assert live(stage, order).healthy is not False
    assert stage.target.put_back(order).warm


def test_retiring_keeps_what_is_to_be_kept_and_what_is_live(stage: Stage) -> None:
    first, second, third = (deployed(stage, f"staging-{number}") for number in (1, 2, 3))

    stage.target.retire(third.environment, third.service, keep=("staging-2",))

    assert_let_go(stage, stage.order("staging-4", first.revision, reuse_warm=True))
    assert live(stage, third).deployment == "staging-3"
    assert stage.target.put_back(second).warm


def test_a_service_that_is_no_more_stays_warm_for_the_way_back_and_is_let_go_after_that(stage: Stage) -> None:
    order = deployed(stage, "staging-1")
    stage.target.close_route(order)

    stage.target.retire_others(order.environment, (order.service.name,), keep=("staging-3",))
    stage.target.retire_others(order.environment, ("web",), keep=("staging-1", "staging-2"))
    assert candidate(stage, stage.order("staging-2", order.revision, reuse_warm=True)).warm
    stage.target.retire_others(order.environment, ("web",), keep=("staging-3", "staging-4"))

    assert_let_go(stage, stage.order("staging-5", order.revision, reuse_warm=True))


def assert_let_go(stage: Stage, again: Order) -> None:
    if stage.keeps_more:
        assert candidate(stage, again).warm
    else:
        eventually(lambda: not candidate(stage, again).warm)


def test_what_a_service_has_said_since_it_was_switched_to(talking: TalkingStage) -> None:
    first = deployed(talking, "staging-1")
    talking.says("Deadlock detected", order=first)
    deployed(talking, "staging-2")
    back = talking.order("staging-3", first.revision, reuse_warm=True)
    candidate(talking, back)
    assert talking.target.said_since_live(back) is None
    talking.target.switch(back)
    talking.says("Connection refused", order=back)
    talking.target.switch(back)

    eventually(lambda: said(talking, back) == ["Connection refused"])
    assert said(talking, first)[-2:] == ["Deadlock detected", "Connection refused"]
    assert talking.target.said_since_live(talking.order("staging-9", first.revision)) is None


def said(talking: TalkingStage, order: Order) -> list[str]:
    lines = talking.target.said_since_live(order)
    assert lines is not None
    return [line for line in lines if line in ("Deadlock detected", "Connection refused")]


def test_without_a_way_back_the_route_is_closed(stage: Stage) -> None:
    order = deployed(stage, "staging-1")

    for _ in range(2):
        stage.target.close_route(order)
        assert live(stage, order).commit is None

    stage.target.switch(order)
    assert live(stage, order).deployment == "staging-1"


def test_waiting_ends_when_it_is_cancelled(stage: Stage) -> None:
    order = stage.order("staging-1", stage.revision())
    stage.target.build(order, "staging-1/build", never)
    stage.target.start(order)

    with pytest.raises(Stopped):
        stage.target.wait_until_ready(order, lambda: True)


@pytest.mark.parametrize("step", ["wait_until_ready", "switch"])
def test_nothing_goes_on_with_what_was_never_started(stage: Stage, step: str) -> None:
    order = stage.order("staging-1", stage.revision())
    calls: dict[str, Callable[[], object]] = {
        "wait_until_ready": lambda: stage.target.wait_until_ready(order, never),
        "switch": lambda: stage.target.switch(order),
    }

    with pytest.raises(OutsideError):
        calls[step]()

    assert live(stage, order).deployment is None


def test_last_words_are_text_even_where_nothing_was_said(stage: Stage) -> None:
    order = stage.order("staging-1", stage.revision())

    assert stage.target.last_words(order) == ""
    candidate(stage, order)
    assert isinstance(stage.target.last_words(order, lines=5), str)


def test_environments_are_apart(stage: Stage) -> None:
    order = deployed(stage, "staging-1")

    found = stage.target.live(Environment.PRODUCTION, order.service, order.target)

    assert found.deployment is None
