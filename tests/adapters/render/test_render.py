"""Render as it really answers: queued without a word, nameless commits, lost replies, deploys that are not ours."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from staging_gate.adapters.render import Settings, connect
from staging_gate.domain.service import Target
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.render.render import KEY
from staging_gate.testing.web import json_reply
from tests.adapters.render.connecting import API, PRODUCTION, TARGET, There


def test_a_deploy_that_is_only_queued_is_found_when_it_is_listed(there: There) -> None:
    there.deploy(1)
    there.render.queue_next()

    there.deploy(2)

    assert (there.live(), there.triggers()) == ("production-2", ["api", "api"])


def test_a_reply_that_is_lost_after_the_deploy_was_made(there: There) -> None:
    there.render.lose_reply("POST deploys")

    there.deploy(1)

    assert (there.live(), there.triggers()) == ("production-1", ["api"])


def test_a_reply_that_is_lost_after_the_rollback_was_made(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.render.lose_reply("POST rollback")

    assert there.target.put_back(first).warm

    assert (there.live(), there.triggers()) == ("production-1", ["api", "api", "rollback"])


def test_we_are_killed_while_render_builds(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    order = there.order(1)
    there.target.start(order)
    with monkeypatch.context() as dying:
        dying.setattr(there.clock, "pause", killed)
        with pytest.raises(Killed):
            there.target.switch(order)

    there.restart()
    there.target.switch(order)

    assert (there.live(), there.triggers()) == ("production-1", ["api"])


def test_we_are_killed_before_we_heard_what_render_calls_it(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    order = there.order(1)
    there.target.start(order)
    there.render.queue_next()
    with monkeypatch.context() as dying:
        dying.setattr(there.clock, "pause", killed)
        with pytest.raises(Killed):
            there.target.switch(order)

    there.restart()
    there.target.switch(order)

    assert (there.live(), there.triggers()) == ("production-1", ["api"])


class Killed(Exception):
    """We are no more."""


def killed(seconds: float, woken: Event | None = None) -> None:
    raise Killed


def test_a_deploy_that_never_came_is_unclear_and_made_later(there: There) -> None:
    """It was queued and dropped: after two minutes nobody expects it any more."""
    order = there.order(1)
    there.target.start(order)
    there.render.answer_next("POST deploys", json_reply(202, None))

    with pytest.raises(Unclear, match="Render does not list a deploy of 1111111111, so it is not known whether it was"):
        there.target.switch(order)
    there.target.switch(order)

    assert (there.live(), there.triggers()) == ("production-1", ["api"])


def test_deploys_that_do_not_say_which_commit_they_are_of(there: There) -> None:
    there.render.commit_known = False

    order = there.deploy(1)

    assert there.target.live(PRODUCTION, API, TARGET).commit == order.revision.commit


def test_it_does_not_deploy_itself_any_more(there: There) -> None:
    first = there.deploy(1)
    assert there.api.auto_deploy == "no"
    there.api.auto_deploy = "yes"  # somebody switched it on again

    there.deploy(2)
    there.target.put_back(first)
    there.render.push("srv-api", "9" * 40)

    assert there.live() == "production-1"


def test_somebody_deploys_behind_our_back(there: There) -> None:
    there.deploy(1)
    there.api.auto_deploy = "yes"
    there.render.push("srv-api", "9" * 40)

    live = there.target.live(PRODUCTION, API, TARGET)

    assert (live.deployment, live.commit) == (None, "9" * 40)
    assert live.detail == "dep-00000000000000000002 (new_commit, 9999999999) was not made by us"


def test_a_rollback_far_back_takes_what_render_still_has(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    third = there.deploy(3)
    there.target.retire(PRODUCTION, API, (third.deployment,))
    back = replace(first, deployment="production-4", reuse_warm=True)

    there.target.start(back)
    there.target.switch(back)

    assert (there.live(), there.triggers()) == ("production-4", ["api", "api", "api", "rollback"])


def test_what_was_built_is_gone_so_it_is_built_again(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.api.artifacts.clear()

    assert not there.target.put_back(first).warm

    assert (there.live(), there.triggers()) == ("production-1", ["api", "api", "api"])


ENDS: dict[str, tuple[type[OutsideError], str]] = {
    "build_failed": (Refused, "The build of api failed at Render (dep-00000000000000000002)."),
    "pre_deploy_failed": (Refused, "The pre-deploy of api failed at Render (dep-00000000000000000002)."),
    "update_failed": (Refused, "The update of api failed at Render (dep-00000000000000000002)."),
    "canceled": (
        Unavailable,
        "Render cancelled dep-00000000000000000002 of api: somebody did that there.",
    ),
    "deactivated": (
        Unavailable,
        "dep-00000000000000000002 of api was live and is no more: another deploy took its place.",
    ),
}


@pytest.mark.parametrize("status", ENDS)
def test_a_deploy_that_does_not_go_live(there: There, status: str) -> None:
    there.deploy(1)
    there.api.broken["2" * 40] = status
    kind, text = ENDS[status]

    with pytest.raises(kind) as ended:
        there.deploy(2)

    assert ended.value.message == text
    assert kind is not Refused or "==> Exited with status 1" in ended.value.evidence
    assert there.live() == "production-1"


def test_a_state_that_we_do_not_know_is_waited_on(there: There) -> None:
    there.api.broken["1" * 40] = "warming_up"
    order = there.order(1)
    there.target.start(order)

    with pytest.raises(Unclear, match=r"dep-00000000000000000001 is still warming_up at Render\."):
        there.target.switch(order)

    assert timedelta(seconds=sum(there.clock.pauses)) >= API.build_within


def test_what_we_may_not_discard_is_what_is_live(there: There) -> None:
    order = there.deploy(1)
    there.target.discard(order)
    assert there.live() == "production-1"


def test_a_deploy_on_its_way_is_cancelled(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    order = there.order(1)
    there.target.start(order)
    with monkeypatch.context() as dying:
        dying.setattr(there.clock, "pause", killed)
        with pytest.raises(Killed):
            there.target.switch(order)

    there.target.discard(order)

    assert there.api.deploys[0].status == "canceled"


# --- what can be said beforehand -----------------------------------------------------------------------------------


def reachable(there: There, **environ: str) -> str | None:
    return there.target.reachable(replace(TARGET, environ=environ))


def test_variables_are_compared_and_never_shown(there: There) -> None:
    there.api.variables = {"AUDIENCE": "https://api.shop.example", "PRICE": "secret-7"}

    assert reachable(there, AUDIENCE="https://api.shop.example") is None
    assert reachable(there, AUDIENCE="https://other.example", PRICE="8", MODE="fast") == (
        "The environment of api at Render: MODE is not set, AUDIENCE has another value, PRICE has another value. "
        "Set it there."
    )


def test_a_variable_of_ours_holds_what_is_expected(there: There) -> None:
    there.api.variables = {"PRICE": "secret-7"}
    read = {"env:PRICE_AT_RENDER": "secret-7"}.get
    target = connect(Settings(KEY, there.folder, there.render.address, read), there.clock)

    assert target.reachable(replace(TARGET, environ={"PRICE": "env:PRICE_AT_RENDER"})) is None


def test_what_is_wrong_is_said_with_what_to_do(there: There) -> None:
    there.api.suspended = True
    assert reachable(there) == "api is suspended at Render: resume it there."

    assert there.target.reachable(Target("render")) == (
        "The target names no service: give `render` one, such as `render: {service: srv-...}`."
    )
    assert there.target.reachable(Target("render", identity="srv-nobody")) == (
        "Render refused GET /v1/services/srv-nobody with 404: not found: srv-nobody. Look at the service's id in "
        "gate.yaml: it is the `srv-...` in the address of its page at Render."
    )


def test_a_key_that_is_not_accepted(there: There) -> None:
    target = connect(Settings("rnd_revoked", there.folder, there.render.address), there.clock)
    assert target.reachable(TARGET) == (
        "Render refused GET /v1/services/srv-api with 401: Unauthorized. The API key is not accepted (any more): make "
        "one under Account Settings at Render, and set it anew."
    )


def test_without_a_key(tmp_path: Path) -> None:
    target = connect(Settings("", tmp_path), MovableClock())
    assert target.reachable(TARGET) == (
        "There is no key for Render: set GATE_RENDER_KEY for the server, and start it again."
    )


def test_a_rate_limit_is_waited_for_by_the_seconds_that_are_left(there: There) -> None:
    limits = {"Ratelimit-Limit": "10", "Ratelimit-Remaining": "0", "Ratelimit-Reset": "7"}
    there.render.answer_next("POST deploys", json_reply(429, {"message": "rate limit exceeded"}, limits))

    there.deploy(1)

    assert there.live() == "production-1"
    assert 8 in there.clock.pauses


def test_a_database_there_is_not_ours_to_change(there: There) -> None:
    order = there.order(1)
    with pytest.raises(Refused, match="Databases of services at Render are not reached from here"):
        there.target.downgrade_schema(order, order, "log")
    with pytest.raises(Refused, match="Take `schema` out of the service in gate.yaml"):
        there.target.back_up(order, "log", there.clock.now(), timedelta(minutes=1), lambda: False)
