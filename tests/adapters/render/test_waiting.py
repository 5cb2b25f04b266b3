"""Waiting for Render: with its hints or without, away for an hour, limiting us, behind other people's deploys."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from staging_gate.domain.service import Target
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Denied, Refused, Unavailable, Unclear
from staging_gate.testing.render.render import Made
from staging_gate.testing.web import json_reply
from staging_gate.wire.patience import AWAY_FOR
from tests.adapters.render.connecting import API, PRODUCTION, TARGET, There

THEIRS = "9" * 40


def hint(service: str) -> bytes:
    return b'{"type": "deploy_ended", "data": {"id": "evt-1", "serviceId": "%s"}}' % service.encode()


def switched(there: There, order: Order) -> None:
    there.target.start(order)
    there.target.switch(order)


class TestHints:
    def test_whoever_waits_looks_at_once(self, there: There) -> None:
        there.render.at_each_look = lambda: there.target.heard(hint("srv-api"))

        there.deploy(1)

        assert there.clock.pauses == [5]  # the first one, before anything was heard

    def test_what_others_do_wakes_nobody(self, there: There) -> None:
        there.render.at_each_look = lambda: there.target.heard(hint("srv-web"))

        there.deploy(1)

        assert there.clock.pauses == [5, 5, 5]


class TestAway:
    def test_an_hour_while_it_builds(self, there: There) -> None:
        def goes_away() -> None:
            there.render.away_until = there.render.away_until or there.clock.now() + timedelta(hours=1)

        there.render.at_each_look = goes_away

        there.deploy(1)

        assert (there.live(), there.triggers()) == ("production-1", ["api"])

    def test_an_hour_before_anything_was_asked(self, there: There) -> None:
        order = there.order(1)
        there.target.start(order)
        there.render.away_until = there.clock.now() + timedelta(hours=1)

        there.target.switch(order)

        assert (there.live(), there.triggers()) == ("production-1", ["api"])

    def test_too_long(self, there: There) -> None:
        order = there.order(1)
        there.target.start(order)
        began = there.clock.now()
        there.render.away_until = began + timedelta(days=1)

        with pytest.raises(Unavailable, match="Render answered 503"):
            there.target.switch(order)

        assert AWAY_FOR <= there.clock.now() - began < AWAY_FOR + timedelta(minutes=5)

    def test_it_goes_away_when_it_was_asked_and_has_done_it(self, there: There) -> None:
        there.render.lose_reply("POST deploys")
        order = there.order(1)
        there.target.start(order)
        there.render.answer_next("GET deploys", json_reply(200, []))
        there.render.answer_next("GET deploys", json_reply(503, {"message": "service unavailable"}))

        there.target.switch(order)

        assert (there.live(), there.triggers()) == ("production-1", ["api"])

    def test_whoever_only_looks_waits_for_nobody(self, there: There) -> None:
        there.deploy(1)
        there.render.away_until = there.clock.now() + timedelta(days=1)

        with pytest.raises(Unavailable, match="Render answered 503"):
            there.live()
        asked = len(there.render.web.asked)
        for _ in range(10):
            with pytest.raises(Unavailable, match="Render answered 503"):
                there.live()
        assert len(there.render.web.asked) == asked


def test_fifty_services_and_ten_deploys_a_minute(there: There) -> None:
    """They wait as told. Whoever went on asking would be shut out for longer."""
    there.render.limits = {"POST deploys": 10, "*": 400}
    names = [f"srv-{number:03}" for number in range(50)]
    began = there.clock.now()
    for name in names:
        there.render.host(name)
        there.render.at_each_look = lambda name=name: there.target.heard(hint(name))  # type: ignore[misc]
        target = Target("render", identity=name)
        switched(there, replace(there.order(1), service=replace(API, name=name), target=target))

    made = [there.render.host(name).deploys for name in names]
    assert [(len(deploys), deploys[0].status) for deploys in made] == [(1, "live")] * 50
    assert len(there.render.refused) <= 5
    assert timedelta(minutes=3) <= there.clock.now() - began <= timedelta(minutes=10)
    calls = Counter(request.method for request in there.render.web.asked)
    assert calls["POST"] == 50 + len(there.render.refused)
    assert calls["GET"] <= 50 * 6


def test_many_who_look_ask_once(there: There) -> None:
    there.deploy(1)
    there.live()
    asked = len(there.render.web.asked)

    assert [there.live() for _ in range(50)] == ["production-1"] * 50

    assert len(there.render.web.asked) == asked


class TestBehindOthers:
    def test_a_deploy_that_waits_for_another_is_waited_for(self, there: There) -> None:
        there.api.deploys.append(Made("dep-theirs", THEIRS, "manual", there.clock.now(), "build_in_progress"))
        there.render.queue_next(looks=80)

        there.deploy(1)

        assert there.live() == "production-1"
        assert sum(there.clock.pauses) > 120

    def test_one_that_render_skips_is_no_success(self, there: There) -> None:
        order = there.order(1)
        there.target.start(order)
        there.render.skip_next(instead=THEIRS)

        for _ in range(2):
            with pytest.raises(Unavailable) as ended:
                there.target.switch(order)
            assert ended.value.message == (
                "Render never began 1111111111 of api: dep-00000000000000000001 (manual, 9999999999) came after it. Of "
                "deploys that wait for each other, Render does only the last (the workspace's policy Wait). Find out "
                "who deploys past the gate, then deploy again."
            )
        assert there.triggers() == ["manual"]

    def test_one_that_is_replaced_while_it_builds(self, there: There) -> None:
        def somebody_deploys() -> None:
            there.render.at_each_look = int
            there.api.deploys[-1].status, there.api.deploys[-1].ahead = "canceled", []
            there.render.deployed_by_hand("srv-api", THEIRS)

        there.render.at_each_look = somebody_deploys

        with pytest.raises(Unavailable) as ended:
            there.deploy(1)

        assert ended.value.message == (
            "Render cancelled dep-00000000000000000001 of api: dep-00000000000000000002 (manual, 9999999999) came "
            "after it."
        )

    def test_what_is_put_back_calls_off_what_would_come_after_it(self, there: There) -> None:
        first = there.deploy(1)
        there.api.broken["2" * 40] = "build_in_progress"
        second = there.order(2)
        there.target.start(second)
        with pytest.raises(Unclear, match="is still build_in_progress at Render"):
            there.target.switch(second)

        back = replace(first, deployment="production-3", reuse_warm=True)
        assert there.target.put_back(back).warm

        assert [made.status for made in there.api.deploys] == ["live", "canceled"]
        assert there.live() == "production-3"


class TestWhoseFault:
    @pytest.mark.parametrize("status", [400, 404, 409])
    def test_what_render_does_not_take_is_not_the_releases(self, there: There, status: int) -> None:
        there.render.answer_next("POST deploys", json_reply(status, {"message": "no"}))
        with pytest.raises(Unavailable, match=f"Render refused POST /v1/services/srv-api/deploys with {status}: no"):
            there.deploy(1)

    def test_a_key_that_is_revoked_while_it_builds(self, there: There) -> None:
        def revoke() -> None:
            there.render.revoked = True

        there.render.at_each_look = revoke

        with pytest.raises(Denied, match="The API key is not accepted"):
            there.deploy(1)

    def test_its_log_can_not_be_had(self, there: There) -> None:
        there.api.broken["1" * 40] = "build_failed"
        there.render.answer_next("GET logs", json_reply(404, {"message": "no"}))

        with pytest.raises(Refused, match="The build of api failed at Render") as ended:
            there.deploy(1)

        assert "(Its log could not be fetched: Render refused GET /v1/logs with 404: no." in ended.value.evidence

    def test_its_log_is_short_and_holds_no_secrets(self, there: There) -> None:
        there.api.variables = {"PASSWORD": "hunter2-of-nobody"}
        there.api.broken["1" * 40] = "build_failed"
        order = there.order(1)
        there.target.start(order)
        later = there.clock.now() + timedelta(minutes=1)
        there.api.logs += [(later, f"line {number} hunter2-of-nobody " + "x" * 900) for number in range(90)]

        with pytest.raises(Refused) as ended:
            there.target.switch(order)

        lines = ended.value.evidence.splitlines()
        assert len(lines) == 50
        assert lines[-2].startswith("line 89 [redacted] xxx")
        assert "hunter2" not in ended.value.evidence
        assert max(map(len, lines)) == 500


def test_what_others_have_suspended_is_not_resumed(there: There) -> None:
    there.api.suspended, there.api.suspenders = True, ["billing"]

    with pytest.raises(Unavailable, match=r"api is suspended at Render \(by billing\): resume it there\."):
        there.deploy(1)

    assert there.api.suspended
    assert there.triggers() == []


def test_what_we_have_closed_stands_in_nobodys_way(there: There) -> None:
    order = there.deploy(1)
    there.target.close_route(order)
    assert there.api.suspended
    there.restart()

    assert there.target.reachable(TARGET) is None
    assert there.live() is None
    there.deploy(2)

    assert (there.live(), there.api.suspended) == ("production-2", False)


@pytest.mark.parametrize("kind", ["private_service", "background_worker", "cron_job"])
def test_a_service_that_nobody_can_ask_is_deployed_all_the_same(there: There, kind: str) -> None:
    there.api.kind = kind

    there.deploy(1)

    assert there.live() == "production-1"
    assert there.target.address(PRODUCTION, API, TARGET) is None
