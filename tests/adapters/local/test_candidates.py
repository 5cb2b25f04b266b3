"""Candidates that are started before their deployment is there: it takes just what it would start, or nothing."""

from dataclasses import replace

import pytest

from staging_gate.adapters.local.places import Places
from staging_gate.domain.service import Target
from staging_gate.ports.deploy_target import Order
from staging_gate.testing import eventually
from tests.adapters.local.sample import EARLY, World, get, service


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def places_of(world: World, order: Order) -> Places:
    return Places(world.layout, order.environment, order.service.name)


def deployments_that_run(world: World) -> list[str]:
    return sorted(process.labels["deployment"] for process in world.processes())


def test_it_has_all_that_the_deployments_own_start_would_give(world: World) -> None:
    order = world.order(world.repository.commit(), target=Target("local", world.port, environ={"SELF": "$URL"}))
    world.start_early(order)
    [process] = world.processes()

    ready = world.candidate(order)

    assert [one.pid for one in world.processes()] == [process.pid]
    assert ready.address and not ready.warm
    environ = get(ready.address, "/environ")[1]
    assert (environ["REVISION"], environ["RELEASE"]) == (order.revision.commit, "")
    assert (environ["ENVIRONMENT"], environ["SELF"]) == ("staging", f"http://127.0.0.1:{world.port}")
    assert environ["PORT"] == ready.address.rpartition(":")[2]
    world.local.target.switch(order)
    assert "starting with" in world.local.target.last_words(order)
    assert world.live(order) == order.deployment


@pytest.mark.parametrize("changed", ["environ", "secret", "command", "release"])
def test_what_would_be_started_otherwise_by_now_is_started_anew(
    world: World, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "hunter22")
    target = Target("local", world.port, environ={"TOKEN": "env:OUR_SECRET", "MODE": "old"})
    order = world.order(world.repository.commit(), target=target)
    world.start_early(order)
    monkeypatch.setenv("OUR_SECRET", "hunter23" if changed == "secret" else "hunter22")
    changes: dict[str, dict[str, object]] = {
        "environ": {"target": replace(target, environ={**target.environ, "MODE": "new"})},
        "command": {"service": service(run=("python3", "-S", "-u", "service.py", "$PORT"))},
        "release": {"release": "v1.0.0"},
    }
    order = replace(order, **changes.get(changed, {}))  # type: ignore[arg-type]

    world.candidate(order)

    assert deployments_that_run(world) == [EARLY, "staging-1"]
    world.local.target.let_go(())
    eventually(lambda: deployments_that_run(world) == ["staging-1"])


def test_one_that_has_ended_is_started_anew(world: World) -> None:
    order = world.order(world.repository.commit())
    world.start_early(order)
    [process] = world.processes()
    process.stop(within=0)

    assert not world.candidate(order).warm
    assert deployments_that_run(world) == ["staging-1"]


def test_none_is_started_where_its_deployment_was_faster(world: World) -> None:
    order = world.order(world.repository.commit())
    world.candidate(order)

    world.start_early(order)

    assert deployments_that_run(world) == ["staging-1"]


def test_after_our_death_it_is_taken_all_the_same(world: World) -> None:
    order = world.order(world.repository.commit())
    world.start_early(order)
    [process] = world.processes()

    again = world.restarted()
    again.deploy(order)

    assert [one.pid for one in world.processes()] == [process.pid]
    assert world.live(order) == "staging-1"


def test_after_our_death_it_is_let_go_all_the_same(world: World) -> None:
    world.start_early(world.order(world.repository.commit()))

    world.restarted().local.target.let_go(())

    eventually(lambda: world.processes() == [])


def test_killed_as_its_deployment_took_it_it_is_not_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.order(world.repository.commit())
    world.start_early(order)
    with monkeypatch.context() as patch:
        patch.setattr(Places, "forget", killed)
        with pytest.raises(KeyboardInterrupt):
            world.candidate(order)
    assert len(places_of(world, order).all()) == 2

    again = world.restarted()
    again.local.target.let_go(())
    again.deploy(order)

    assert [one.deployment for one in places_of(world, order).all()] == ["staging-1"]
    assert len(world.processes()) == 1
    assert world.live(order) == "staging-1"


def test_the_next_retirement_ends_what_nobody_took(world: World) -> None:
    world.start_early(world.order(world.repository.commit({"number": 1})))
    order = world.order(world.repository.commit({"number": 2}), "staging-1")
    world.deploy(order)

    world.local.target.retire(order.environment, order.service, keep=("staging-1",))

    eventually(lambda: deployments_that_run(world) == ["staging-1"])
