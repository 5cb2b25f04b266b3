"""The local target with a real repository, real processes and the real proxy."""

import os
import socket
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from staging_gate.adapters.local.ports import free_port
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Target
from staging_gate.ports.errors import Refused, Stopped, Unavailable
from staging_gate.testing import eventually
from staging_gate.testing.strict_client import StrictClient
from tests.adapters.local.sample import Repository, World, get, never, service

STAGING = Environment.STAGING


def public(world: World) -> str:
    return f"http://127.0.0.1:{world.port}"


def test_a_deployment_answers_at_the_public_address_only_after_the_switch(world: World) -> None:
    order = world.order(world.repository.commit())

    ready = world.candidate(order)

    assert (ready.warm, ready.inferred) == (False, False)
    assert ready.address is not None and get(ready.address)[1]["revision"] == order.revision.commit
    assert get(public(world))[0] == 503
    world.local.target.switch(order)
    assert get(public(world))[1]["revision"] == order.revision.commit
    live = world.local.target.live(STAGING, order.service, order.target)
    assert (live.deployment, live.commit, live.address) == ("staging-1", order.revision.commit, public(world))


def test_a_service_is_started_with_a_clean_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SECRET", "hunter22")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    target = Target("local", world.port, environ={"SELF": "$URL in $ENVIRONMENT", "TOKEN": "env:OUR_SECRET"})
    order = world.order(world.repository.commit(), target=target, release="v1.2.0")

    ready = world.candidate(order)

    assert ready.address is not None
    environ = get(ready.address, "/environ")[1]
    home = Path(environ.pop("HOME"))
    assert home.is_relative_to(world.settings.state) and environ.pop("TMPDIR") == str(home / "tmp")
    assert environ.pop("PATH").endswith(":/usr/local/bin:/usr/bin:/bin")
    assert environ.pop("PORT") == ready.address.rpartition(":")[2]
    assert environ == {
        "ENVIRONMENT": "staging",
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "RELEASE": "v1.2.0",
        "REVISION": order.revision.commit,
        "SELF": f"{public(world)} in staging",
        "TOKEN": "hunter22",
    }


def test_two_deployments_stand_beside_each_other_and_the_earlier_one_comes_back_at_once(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.deploy(second)

    ready = world.local.target.put_back(first)

    assert ready.warm
    assert world.live(first) == "staging-1"
    assert len(world.processes()) == 2
    assert get(public(world))[1]["revision"] == first.revision.commit


def test_every_call_can_be_repeated(world: World) -> None:
    order = world.order(world.repository.commit())
    for _ in range(2):
        world.deploy(order)
    [process] = world.processes()

    world.restarted().deploy(order)

    assert world.processes() == [process]
    world.local.target.discard(order)
    assert world.processes() == [process], "what receives traffic is never stopped by a discard"


@pytest.mark.parametrize(
    ("settings", "within", "sentence", "evidence"),
    [
        ({"crash": "no STRIPE_KEY"}, 10, "api ended with exit code 1, ", "no STRIPE_KEY"),
        ({"health": 500}, 0.5, "it answered 500 instead of 200", "/health: 500 {"),
        (
            {"body": {"environment": "production"}},
            0.5,
            "its `environment` is 'production' instead of 'staging'",
            "waited 0.",
        ),
        ({"body": {"revision": "abc"}}, 10, "api is not what was deployed: its revision is 'abc'", "last lines"),
        ({"slow": 60}, 0.3, "nobody listens on its port yet", "starting with"),
    ],
)
def test_a_bad_candidate_is_refused_with_evidence_and_gets_no_traffic(
    world: World, settings: dict[str, object], within: float, sentence: str, evidence: str
) -> None:
    good = world.order(world.repository.commit())
    world.deploy(good)
    bad = world.order(
        world.repository.commit(settings), "staging-2", service=service(health=Health(within=timedelta(seconds=within)))
    )

    with pytest.raises(Refused) as refused:
        world.candidate(bad)

    assert sentence in refused.value.message
    assert evidence in refused.value.evidence
    assert get(public(world))[1]["revision"] == good.revision.commit
    world.local.target.discard(bad)
    assert len(world.processes()) == 1


def test_a_service_that_names_no_revision_is_inferred(world: World) -> None:
    order = world.order(world.repository.commit({"revision": False}))

    assert world.candidate(order).inferred


def test_waiting_is_cancelled(world: World) -> None:
    order = world.order(world.repository.commit({"slow": 60}))
    world.local.target.build(order, "staging-1/build-api", never)
    world.local.target.start(order)

    with pytest.raises(Stopped, match="cancelled"):
        world.local.target.wait_until_ready(order, lambda: True)


def test_a_port_that_somebody_takes_first_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as thief:
        monkeypatch.setattr("staging_gate.adapters.local.readiness.ANSWER_WITHIN", 0.3)
        ports = [thief.getsockname()[1], free_port()]
        monkeypatch.setattr("staging_gate.adapters.local.proxy.free_port", lambda: ports.pop(0))
        order = world.order(world.repository.commit())

        ready = world.candidate(order)

    assert ports == []
    assert ready.address is not None and get(ready.address)[0] == 200


def test_no_candidate_gets_a_port_that_a_route_still_sends_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.order(world.repository.commit())
    world.deploy(order)
    [process] = world.processes()
    process.stop(within=5)
    ports = [int(process.labels["port"]), free_port()]
    monkeypatch.setattr("staging_gate.adapters.local.proxy.free_port", lambda: ports.pop(0))

    ready = world.candidate(world.order(world.repository.commit({}), "staging-2"))

    assert ready.address != f"http://127.0.0.1:{process.labels['port']}"


def test_live_says_that_the_process_has_ended(world: World) -> None:
    order = world.order(world.repository.commit())
    world.deploy(order)
    world.processes()[0].stop(within=5)

    live = world.local.target.live(STAGING, order.service, order.target)

    assert (live.deployment, live.healthy, live.detail) == ("staging-1", False, "its process has ended")


def test_put_back_starts_the_kept_build_when_the_process_is_gone(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.processes()[0].stop(within=5)
    world.deploy(second)

    ready = world.local.target.put_back(first)

    assert not ready.warm
    assert world.live(first) == "staging-1"
    assert get(public(world))[1]["revision"] == first.revision.commit


def test_put_back_builds_again_what_was_removed(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({"a": 1}), "staging-2")
    world.deploy(first)
    world.processes()[0].stop(within=5)
    world.deploy(second)
    next(world.layout.builds.glob(f"{first.revision.tree}-*.complete")).unlink()

    world.local.target.put_back(first)

    assert world.live(first) == "staging-1"


def test_a_rollback_deployment_takes_the_warm_process(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.deploy(second)

    rollback = world.order(first.revision, "staging-3", reuse_warm=True)
    ready = world.deploy(rollback)

    assert ready.warm
    assert len(world.processes()) == 2
    assert world.live(first) == "staging-3"
    world.local.target.retire(STAGING, first.service, keep=("staging-3",))
    eventually(lambda: len(world.processes()) == 1)
    assert get(public(world))[1]["revision"] == first.revision.commit
    assert "starting with" in world.local.target.last_words(rollback)


def test_the_same_revision_is_started_anew_unless_a_warm_one_is_wanted(world: World) -> None:
    revision = world.repository.commit()
    world.deploy(world.order(revision))

    ready = world.candidate(world.order(revision, "staging-2"))

    assert not ready.warm
    assert len(world.processes()) == 2


def test_discarding_a_rollback_leaves_the_process_to_its_other_deployment(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.deploy(second)
    rollback = world.order(first.revision, "staging-3", reuse_warm=True)
    world.candidate(rollback)

    world.local.target.discard(rollback)

    assert len(world.processes()) == 2


def test_a_put_back_under_a_deployments_own_name_is_that_deployment(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.deploy(second)

    assert world.local.target.put_back(replace(first, deployment="staging-3")).warm

    assert world.live(first) == "staging-3"


def test_retiring_waits_for_the_last_request(world: World) -> None:
    old = world.order(world.repository.commit())
    world.deploy(old)
    slow = socket.create_connection(("127.0.0.1", world.port))
    slow.sendall(b"GET /slow?0.7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    eventually(lambda: world.local.proxy.in_flight(int(world.processes()[0].labels["port"])))
    new = world.order(world.repository.commit({}), "staging-2")
    world.deploy(new)

    world.local.target.retire(STAGING, old.service, keep=("staging-2",))

    with slow, slow.makefile("rb") as answer:
        assert old.revision.commit.encode() in answer.read()
    eventually(lambda: len(world.processes()) == 1)
    assert world.live(new) == "staging-2"


def test_retiring_kills_what_ignores_sigterm_and_goes_on_after_a_crash(world: World) -> None:
    stubborn = service(stop_within=timedelta(seconds=0.2))
    world.deploy(world.order(world.repository.commit({"stubborn": True}), service=stubborn))
    world.deploy(world.order(world.repository.commit({}), "staging-2", service=stubborn))
    places = world.layout.places(STAGING, "api")
    (places / "processes/staging-1.1/retiring").touch()

    # Marked by somebody who was killed: not even a keep brings it back.
    world.restarted().local.target.retire(STAGING, stubborn, keep=("staging-1", "staging-2"))

    eventually(lambda: [p.labels["deployment"] for p in world.processes()] == ["staging-2"])
    eventually(lambda: not (places / "processes/staging-1.1").exists())


def test_what_was_being_retired_when_we_were_killed_is_let_go_at_the_next_start(world: World) -> None:
    world.deploy(world.order(world.repository.commit()))
    world.deploy(world.order(world.repository.commit({}), "staging-2"))
    places = world.layout.places(STAGING, "api")
    (places / "processes/staging-1.1/retiring").touch()

    world.restarted().local.target.resume()

    eventually(lambda: not (places / "processes/staging-1.1").exists())
    assert [p.labels["deployment"] for p in world.processes()] == ["staging-2"]


def test_what_is_being_retired_is_not_taken_back_but_started_anew(world: World) -> None:
    first, second = world.order(world.repository.commit()), world.order(world.repository.commit({}), "staging-2")
    world.deploy(first)
    world.deploy(second)
    (world.layout.places(STAGING, "api") / "processes/staging-1.1/retiring").touch()

    ready = world.local.target.put_back(first)

    assert not ready.warm
    assert len(world.processes()) == 3


def test_no_request_fails_while_releases_come_and_go(world: World) -> None:
    orders = [world.order(world.repository.commit({"number": n}), f"staging-{n}") for n in range(4)]
    world.deploy(orders[0])

    with StrictClient(public(world), kept=2, fresh=2) as client:
        for last, order in pairwise(orders):
            world.deploy(order)
            world.local.target.put_back(last)
            world.local.target.put_back(order)
            world.local.target.retire(STAGING, order.service, keep=(order.deployment,))
        eventually(lambda: len(world.processes()) == 1)
        eventually(lambda: client.first(orders[-1].revision.commit) and client.requests > 50)

    assert not client.failures


def test_closing_the_route_answers_503(world: World) -> None:
    order = world.order(world.repository.commit())
    world.deploy(order)

    world.local.target.close_route(order)

    assert get(public(world))[0] == 503
    assert world.live(order) is None


def test_both_environments_run_from_one_build(world: World) -> None:
    revision = world.repository.commit()
    world.deploy(world.order(revision))
    target = Target("local", world.sister_port)
    production = world.order(revision, "production-1", environment=Environment.PRODUCTION, target=target)

    said = world.local.target.build(production, "production-1/build-api", never)
    world.deploy(production)

    assert said == "kept: this tree is already built"
    assert get(f"http://127.0.0.1:{world.sister_port}")[1]["environment"] == "production"
    assert get(public(world))[1]["environment"] == "staging"


def test_secrets_are_not_in_what_a_person_reads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SECRET", "hunter22")
    target = Target("local", world.port, environ={"TOKEN": "env:OUR_SECRET"})
    order = world.order(world.repository.commit({"crash": "bad token hunter22"}), target=target)

    with pytest.raises(Refused) as refused:
        world.candidate(order)

    assert "bad token [redacted]" in refused.value.evidence
    assert "hunter22" not in refused.value.evidence + world.local.target.last_words(order)


def test_a_missing_secret_names_the_variable(world: World) -> None:
    target = Target("local", world.port, environ={"TOKEN": "env:NOT_THERE_AT_ALL"})
    order = world.order(world.repository.commit(), target=target)
    world.local.target.build(order, "staging-1/build-api", never)

    with pytest.raises(Refused, match="TOKEN is env:NOT_THERE_AT_ALL, but NOT_THERE_AT_ALL is not set"):
        world.local.target.start(order)

    assert "NOT_THERE_AT_ALL is not set" in str(world.local.target.reachable(target))


def test_a_target_that_can_not_work_says_why(world: World) -> None:
    assert world.local.target.reachable(Target("local", world.port)) is None
    assert "has no port" in str(world.local.target.reachable(Target("local")))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = world.local.target.reachable(Target("local", taken.getsockname()[1]))
    assert said is not None and "is already used by" in said and f"(pid {os.getpid()})" in said
    world.deploy(world.order(world.repository.commit()))
    assert world.local.target.reachable(Target("local", world.port)) is None


def test_a_program_that_is_nowhere_is_said_before_anything_starts(world: World) -> None:
    order = world.order(world.repository.commit(), service=service(run=("uvicornn", "app")))
    world.local.target.build(order, "staging-1/build-api", never)

    with pytest.raises(Refused, match="services.api.run: the program uvicornn is neither in the build's environment"):
        world.local.target.start(order)

    assert world.processes() == []


def test_nothing_starts_without_its_build(world: World) -> None:
    with pytest.raises(Unavailable, match="has to be built first"):
        world.local.target.start(world.order(world.repository.commit()))


@pytest.mark.parametrize("name", ["../staging-1", "-rf", "a b", "", "it's", "a/b"])
def test_names_that_are_none_are_refused(world: World, repository: Repository, name: str) -> None:
    revision = Revision(repository.commit().commit, "0" * 40)

    with pytest.raises(Refused, match="can not be used as a name"):
        world.local.target.discard(world.order(revision, name))


def test_what_was_got_ready_is_not_built_again(world: World) -> None:
    order = world.order(world.repository.commit())

    world.local.target.get_ready([replace(order, deployment="change-1")], start=False)

    eventually(lambda: list(world.settings.state.glob("builds/*.complete")))
    assert world.local.target.build(order, "staging-1/build", never) == "kept: this tree is already built"
