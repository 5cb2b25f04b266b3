"""A product whose services are at several providers: deployed in the policy's order, and back together."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from staging_gate.bootstrap.examining import examine_render
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.queries.board import board
from staging_gate.runbook.policy import needed_policy
from staging_gate.testing.connected import ConnectedWorld, connected_yaml
from staging_gate.testing.connected.policies import render_id
from staging_gate.testing.policies import gate_yaml
from tests.runbook.conftest import Beginnings, check_whole, v1_1_0_is_merged

PRODUCTION = Environment.PRODUCTION


def policy() -> str:
    """web runs here, api at Render after it, and last a worker there."""
    here = yaml.safe_load(gate_yaml(services=("web",)))
    there = yaml.safe_load(connected_yaml(services=("api", "worker")))
    here["services"].update(there["services"])
    return yaml.safe_dump(here, sort_keys=False)


class MixedWorld(ConnectedWorld):
    @classmethod
    def begin(cls, folder: Path, policy_text: str | None = "", database: str | None = None) -> "MixedWorld":
        return cast(MixedWorld, super().begin(folder, policy_text or policy(), database))

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ports = self._and_here(self.ports)
        for environment in Environment:
            self.render.host(render_id("worker", environment)).kind = "background_worker"

    def _mortal_ports(self) -> Ports:
        return self._and_here(super()._mortal_ports())

    def _and_here(self, ports: Ports) -> Ports:
        return replace(ports, targets={**ports.targets, "local": self.target})

    def live_everywhere(self) -> list[str | None]:
        """Of web, api and worker, in production."""
        here = self.target.route(PRODUCTION, "web").traffic
        return [here.release if here else None, self.production.live("api"), self.production.live("worker")]

    def triggers(self, service: str) -> list[str]:
        return [trigger for _, trigger, _ in self.production.deploys(service)]


@pytest.fixture(scope="module")
def mixed_beginnings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginnings]:
    with ExitStack() as stack:
        yield Beginnings(tmp_path_factory.mktemp("mixed"), stack, kind=MixedWorld)


@pytest.fixture
def mixed(mixed_beginnings: Beginnings, tmp_path: Path) -> Iterator[MixedWorld]:
    """v1.0.0 is live, v1.1.0 is merged."""
    with mixed_beginnings.after(v1_1_0_is_merged, tmp_path) as world:
        assert isinstance(world, MixedWorld)
        yield world
        check_whole(world)


def release(world: MixedWorld) -> ReleaseState:
    with world.store.reading() as tx:
        found = tx.releases.get("v1.1.0")
    assert found
    return found.state


def test_all_go_live_and_what_has_no_address_is_proved_by_what_render_says(mixed: MixedWorld) -> None:
    published = mixed.publish("v1.1.0")

    assert published.state is DeploymentState.SUCCEEDED
    assert mixed.live_everywhere() == ["v1.1.0"] * 3
    assert mixed.production.smoke_tests(published.id) == ["web candidate", "web public", "api public"]
    [place] = [place for place in board(mixed.ports).places if place.environment is PRODUCTION]
    assert set(place.addresses) == {"web", "api"}
    assert mixed.differences() == []


@pytest.mark.parametrize("fails", ["api", "worker"])
def test_the_next_one_fails_and_those_before_it_go_back(mixed: MixedWorld, fails: str) -> None:
    mixed.production.ends(mixed.revision("main").commit, "build_failed", fails)

    published = mixed.publish("v1.1.0")

    assert published.state is DeploymentState.ROLLED_BACK
    assert f"The build of {fails} failed at Render" in published.failure
    assert published.evidence == "==> Exited with status 1"
    assert release(mixed) is ReleaseState.FAILED
    assert mixed.live_everywhere() == ["v1.0.0"] * 3
    assert mixed.triggers(fails) == ["api", "api"]  # it never lost the traffic
    assert mixed.triggers("api") == (["api", "api"] if fails == "api" else ["api", "api", "rollback"])
    assert mixed.differences() == []


def test_the_smoke_tests_fail_and_all_go_back(mixed: MixedWorld) -> None:
    mixed.production.next_smoke_fails(service="web")

    assert mixed.publish("v1.1.0").state is DeploymentState.ROLLED_BACK

    assert mixed.live_everywhere() == ["v1.0.0"] * 3
    assert mixed.triggers("worker") == ["api", "api", "rollback"]


def test_one_here_fails_before_render_was_asked(mixed: MixedWorld) -> None:
    mixed.production.next_call_fails("switch", Refused("web crashed."), service="web")

    assert mixed.publish("v1.1.0").state is DeploymentState.ROLLED_BACK

    assert mixed.live_everywhere() == ["v1.0.0"] * 3
    assert mixed.triggers("api") == mixed.triggers("worker") == ["api"]


@pytest.mark.parametrize("call", ["POST deploys", "POST rollback"])
def test_a_reply_is_lost_in_the_middle(mixed: MixedWorld, call: str) -> None:
    mixed.render.lose_reply(call)
    if call == "POST rollback":
        mixed.production.next_smoke_fails(service="api")

    mixed.publish("v1.1.0")

    back = call == "POST rollback"
    assert mixed.live_everywhere() == ["v1.0.0" if back else "v1.1.0"] * 3
    for service in ("api", "worker"):
        assert mixed.triggers(service) == ["api", "api"] + ["rollback"] * back


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_we_are_killed_between_them(mixed: MixedWorld, calls: int) -> None:
    """At each deploy that Render has begun for us, and we have not heard of."""
    seen = 0

    def dies() -> None:
        nonlocal seen
        seen += 1
        if seen == calls:
            mixed.kills.after = 0

    mixed.render.at_each_look = dies

    assert mixed.publish("v1.1.0").state is DeploymentState.SUCCEEDED

    assert (seen >= calls, mixed.kills.after) == (True, None)
    assert mixed.live_everywhere() == ["v1.1.0"] * 3
    assert mixed.triggers("api") == mixed.triggers("worker") == ["api", "api"]


def test_somebody_deploys_by_hand_at_render(mixed: MixedWorld) -> None:
    mixed.publish("v1.1.0")
    mixed.production.deployed_by_hand("9" * 40)

    [told] = mixed.differences()
    assert "production api: By our record production-2" in told
    assert "is live, but 9999999999 receives the traffic" in told


def test_somebody_deploys_by_hand_while_we_deploy(mixed: MixedWorld) -> None:
    """Render skips ours; that is no success, and no fault of the release."""
    mixed.render.skip_next(instead="9" * 40)

    published = mixed.publish("v1.1.0")

    assert "Render never began" in published.failure
    assert release(mixed) is ReleaseState.PUBLISHED
    assert mixed.live_everywhere() == ["v1.0.0"] * 3  # what somebody put there is taken back, too


def test_the_doctor_looks_at_each_of_them(mixed: MixedWorld) -> None:
    """Both environments of both services at Render."""
    at_render = mixed.production.at_render("api")
    at_render.auto_deploy, at_render.branch, at_render.repo = "yes", "trunk", "https://github.com/ada/marketedge"
    mixed.production.at_render("worker").suspended = True
    mixed.production.at_render("worker").suspenders = ["billing"]
    known = needed_policy(mixed.ports)

    found = list(examine_render(mixed.ports, replace(known, repository="github:zebra/marketedge")))

    assert found[0][1].found == "the key is for zebra"
    names = {at: render_id(at, PRODUCTION).removeprefix("srv-") for at in ("api", "worker")}
    problems = [(what, one.found, one.do) for what, one in found if not one.ok]
    assert problems == [
        (
            "production api",
            "built from https://github.com/ada/marketedge, branch trunk",
            f"Connect {names['api']} at Render to zebra/marketedge: it can not fetch our commits.",
        ),
        (
            "production api",
            "auto-deploy is on: every push to its branch is deployed, past the gate",
            f"Switch it off for {names['api']} at Render; the first deployment by the gate does so, too.",
        ),
        ("production worker", f"{names['worker']} is suspended at Render (by billing): resume it there.", ""),
    ]
    mixed.render.revoked = True
    [(what, one)] = examine_render(mixed.ports, known)
    assert (what, one.ok) == ("Render", False)
    assert "The API key is not accepted (any more): make one under Account Settings" in one.found
