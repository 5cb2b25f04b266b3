"""Vercel is away, limits us, or does not let us in: what has begun goes on, and whoever only looks waits for nobody."""

from datetime import timedelta

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.ports.errors import Denied, Stopped, Unavailable
from staging_gate.runbook.placing import Failure
from staging_gate.testing.vercel import TOKEN
from staging_gate.testing.web import Request, json_reply
from staging_gate.wire.patience import AWAY_FOR, LONGEST_PAUSE
from tests.adapters.vercel.connecting import PRODUCTION, TARGET, WEB, There

HOUR = timedelta(hours=1)


def goes_away(there: There, asked: str) -> None:
    """For an hour, as soon as something with these words is asked for."""

    def look(request: Request) -> None:
        if there.vercel.away_until is None and f"{request.method} {request.path}".startswith(asked):
            there.vercel.away_until = there.clock.now() + HOUR

    there.vercel.look = look


def assert_live_once(there: There) -> None:
    assert (there.live(), there.asked()) == ("production-1", ["deployments", "promote"])


@pytest.mark.parametrize("when", ["GET /v9/projects", "GET /v13/deployments", "GET /v4/aliases", "PATCH /v9/projects"])
def test_an_hour_in_the_middle(there: There, when: str) -> None:
    goes_away(there, when)

    there.deploy(1)

    assert_live_once(there)
    assert there.clock.now() >= (there.vercel.away_until or there.clock.now())


def test_an_hour_while_the_domain_moves(there: There) -> None:
    order = there.order(1)
    there.candidate(order)
    there.project.rolling = True
    asked = there.vercel.look

    def look(request: Request) -> None:
        if request.method == "POST" and "/promote/" in request.path:
            goes_away(there, "GET /v4/aliases")
        asked(request)

    there.vercel.look = look
    there.target.switch(order)

    assert_live_once(there)
    assert there.vercel.away_until is not None


def test_a_limit_that_lasts_for_long(there: There) -> None:
    limited = json_reply(429, {"error": {"code": "rate_limited"}}, {"retry-after": "900"})
    there.vercel.answer_next("POST deployments", limited)

    there.deploy(1)

    assert (there.live(), len(there.project.deployments)) == ("production-1", 1)
    assert sum(there.clock.pauses) >= 900


def test_an_hour_before_it_is_put_back(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.vercel.away_until = there.clock.now() + HOUR

    assert there.target.put_back(first).warm

    assert (there.live(), there.asked("rollback")) == ("production-1", ["rollback"])


def test_too_long(there: There) -> None:
    order = there.order(1)
    there.candidate(order)
    began = there.clock.now()
    there.vercel.away_until = began + timedelta(days=1)

    with pytest.raises(Unavailable, match=r"Vercel answered 503 to GET /v9/projects/prj_web"):
        there.target.switch(order)

    assert AWAY_FOR <= there.clock.now() - began < AWAY_FOR + timedelta(minutes=5)
    there.vercel.away_until = None
    there.target.switch(order)
    assert_live_once(there)


def test_whoever_stops_it_does_not_wait_until_vercel_is_back(there: There) -> None:
    order = there.order(1)
    there.target.start(order)
    there.vercel.away_until = there.clock.now() + timedelta(days=1)
    asked = iter([False])

    with pytest.raises(Stopped):
        there.target.wait_until_ready(order, lambda: next(asked, True))

    assert sum(there.clock.pauses) < LONGEST_PAUSE


def test_whoever_only_looks_waits_for_nobody(there: There) -> None:
    there.deploy(1)
    there.vercel.away_until = there.clock.now() + timedelta(days=1)

    with pytest.raises(Unavailable, match="Vercel answered 503"):
        there.live()

    assert sum(there.clock.pauses) < LONGEST_PAUSE


def test_a_token_that_is_revoked_in_the_middle_is_no_fault_of_the_release(there: There) -> None:
    order = there.order(1)
    there.candidate(order)
    there.vercel.token = "another"

    with pytest.raises(Denied) as ended:
        there.target.switch(order)

    assert Failure.of(ended.value).state is DeploymentState.ERRORED
    assert ended.value.message == (
        "Vercel refused GET /v9/projects/prj_web with 403: Not authorized. The token ended, was revoked, or is of "
        "another team: look at `team` in gate.yaml, and at whether the token's owner may deploy this project."
    )
    there.vercel.token = TOKEN
    there.target.switch(order)
    assert there.live() == "production-1"


@pytest.mark.parametrize("unit", ["seconds", "milliseconds", "left"])
def test_a_rate_limit_is_waited_for(there: There, unit: str) -> None:
    moment = there.clock.now().timestamp() + 7
    reset = {"seconds": f"{moment:.0f}", "milliseconds": f"{moment * 1000:.0f}", "left": "7"}[unit]
    limits = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    there.vercel.answer_next("POST deployments", json_reply(429, {"error": {"code": "rate_limited"}}, limits))

    there.deploy(1)

    assert there.live() == "production-1"
    assert any(6 <= pause <= 8 for pause in there.clock.pauses)


def test_a_token_that_is_revoked_while_it_goes_back_has_nothing_built_again(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.vercel.answer_next("POST rollback", json_reply(403, {"error": {"code": "forbidden", "invalidToken": True}}))

    with pytest.raises(Denied):
        there.target.put_back(first)

    assert len(there.project.deployments) == 2
    assert there.target.put_back(first).warm
    assert there.live() == "production-1"


def test_what_pages_show_is_asked_for_once_in_ten_seconds(there: There) -> None:
    there.deploy(1)
    there.live(), there.target.reachable(TARGET)
    asked = len(there.vercel.web.asked)

    there.live(), there.target.reachable(TARGET), there.target.address(PRODUCTION, WEB, TARGET)

    assert len(there.vercel.web.asked) == asked
    there.clock.advance(seconds=10)
    there.live()
    assert len(there.vercel.web.asked) == asked + 3


def test_what_we_change_is_seen_at_once(there: There) -> None:
    for number in (1, 2):
        order = there.deploy(number)
        assert there.live() == f"production-{number}"
    there.target.close_route(order)
    assert there.live() is None
