"""Vercel as it really answers: lost replies, requests of yesterday, domains that move late, and hands besides ours."""

import json
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from staging_gate.adapters.vercel.target import LOOK_EVERY
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from staging_gate.testing.web import json_reply
from tests.adapters.vercel.connecting import DPL_1, DPL_2, PRODUCTION, TARGET, WEB, There


def test_a_candidate_is_proved_at_its_own_address_while_nothing_moves(there: There) -> None:
    first = there.deploy(1)

    ready = there.candidate(there.order(2))

    assert ready.address == f"{there.vercel.address}/served/{DPL_2}"
    assert (ready.warm, ready.inferred) == (False, False)
    assert there.project.leads == {"web.vercel.app": DPL_1, "shop.example": DPL_1}
    assert there.target.live(PRODUCTION, WEB, TARGET).commit == first.revision.commit
    assert there.target.address(PRODUCTION, WEB, TARGET) == "https://shop.example"


def test_it_is_told_exactly_which_commit(there: There) -> None:
    there.deploy(1)

    asked = next(one for one in there.vercel.web.asked if one.path == "/v13/deployments")
    wanted = {"type": "github", "repoId": 7, "ref": "1" * 40, "sha": "1" * 40}
    assert (asked.json()["gitSource"], asked.json()["target"]) == (wanted, "production")
    assert asked.query == {"forceNew": "1"}


# --- replies that are lost -------------------------------------------------------------------------------------------


def test_a_reply_that_is_lost_after_the_deployment_was_made(there: There) -> None:
    there.vercel.lose_reply("POST deployments")

    there.deploy(1)

    assert (there.live(), there.asked()) == ("production-1", ["deployments", "promote"])


def test_a_reply_that_is_lost_after_the_promotion(there: There) -> None:
    there.deploy(1)
    there.vercel.lose_reply("POST promote")

    there.deploy(2)

    assert (there.live(), there.asked("promote")) == ("production-2", ["promote", "promote"])


def test_a_reply_that_is_lost_after_the_rollback(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.vercel.lose_reply("POST rollback")

    assert there.target.put_back(first).warm

    assert (there.live(), there.asked("rollback")) == ("production-1", ["rollback"])


def test_a_deployment_that_never_came_is_unclear_and_made_later(there: There) -> None:
    order = there.order(1)
    there.vercel.answer_next("POST deployments", json_reply(500, {"error": {"code": "internal", "message": "oh"}}))

    with pytest.raises(Unclear, match=r"Vercel answered 500 to POST /v13/deployments, so it is not known whether that"):
        there.target.start(order)
    there.candidate(order)
    there.target.switch(order)

    assert (there.live(), len(there.project.deployments)) == ("production-1", 1)


def test_a_promotion_that_never_came_is_unclear_and_made_later(there: There) -> None:
    order = there.order(1)
    there.candidate(order)
    there.vercel.answer_next("POST promote", json_reply(500, None))

    with pytest.raises(Unclear, match=r"Vercel answered 500 to POST .*/promote/"):
        there.target.switch(order)
    there.target.switch(order)

    assert there.live() == "production-1"


class Killed(Exception):
    """We are no more."""


def killed(seconds: float, woken: object = None) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["build", "switch"])
def test_we_are_killed_while_it_goes_on(there: There, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = there.order(1)
    there.target.start(order)
    if step == "switch":
        there.candidate(order)
    with monkeypatch.context() as dying:
        dying.setattr(there.clock, "pause", killed)
        with pytest.raises(Killed):
            there.candidate(order) if step == "build" else there.target.switch(order)

    there.restart()
    there.candidate(order)
    there.target.switch(order)

    assert (there.live(), there.asked()) == ("production-1", ["deployments", "promote"])


# --- requests of yesterday -------------------------------------------------------------------------------------------


def test_an_older_request_for_the_same_deployment_is_not_taken_for_ours(there: There) -> None:
    """It says `succeeded`, of a rollback to the same deployment, and the domain was moved away since."""
    first = there.deploy(1)
    there.deploy(2)
    there.target.put_back(first)
    there.project.lead(DPL_2)  # by hand, as an alias: nobody asked for a switch

    there.target.put_back(first)

    assert (there.project.leads["shop.example"], there.asked("rollback")) == (DPL_1, ["rollback", "rollback"])


def test_what_vercel_says_is_not_believed_before_the_domain_leads_there(there: There) -> None:
    there.deploy(1)
    there.candidate(there.order(2))
    there.project.ends_as = "skipped"

    with pytest.raises(Unclear) as unclear:
        there.target.switch(there.order(2))

    assert unclear.value.message == (
        f"shop.example leads to {DPL_1} and not to {DPL_2}, 180 s after Vercel was asked; its request is skipped. Look "
        "at the project's page at Vercel: a rolling release may stand before it."
    )
    assert there.live() == "production-1"
    there.target.switch(there.order(2))
    assert there.live() == "production-2"


def test_a_state_of_the_switch_that_we_do_not_know_is_waited_on(there: There) -> None:
    there.candidate(there.order(1))
    there.project.ends_as = "warming"

    with pytest.raises(Unclear, match="its request is warming"):
        there.target.switch(there.order(1))

    assert there.asked("promote") == ["promote"]


def test_domains_that_could_not_be_moved_are_named(there: There) -> None:
    there.deploy(1)
    there.candidate(there.order(2))
    there.project.ends_as = "failed"

    with pytest.raises(Unavailable) as failed:
        there.target.switch(there.order(2))

    assert failed.value.message == (
        f"Vercel could not move web.vercel.app, shop.example to {DPL_2}. Look at the domains' settings there."
    )
    there.target.switch(there.order(2))
    assert there.live() == "production-2"


def test_a_promotion_behind_a_rolling_release_is_waited_for(there: There) -> None:
    """Vercel says 202 where it only queues it."""
    there.project.rolling = True

    there.deploy(1)

    assert there.live() == "production-1"


# --- other hands -----------------------------------------------------------------------------------------------------


def test_somebody_promotes_behind_our_back(there: There) -> None:
    there.deploy(1)
    there.project.auto_assign = False
    stranger = there.vercel.push("prj_web", "9" * 40)
    there.vercel.promote_by_hand("prj_web", stranger.id)

    live = there.target.live(PRODUCTION, WEB, TARGET)

    assert (live.deployment, live.commit) == (None, "9" * 40)
    assert live.detail == f"shop.example was not led to {stranger.id} (git, by ada) by us"


def test_somebody_promotes_at_the_same_time(there: There) -> None:
    there.deploy(1)
    there.candidate(there.order(2))
    there.vercel.answer_next("POST promote", json_reply(201, None))
    stranger = there.vercel.push("prj_web", "9" * 40)
    ask = there.clock.pause

    def meanwhile(seconds: float, woken: Event | None = None) -> None:
        there.vercel.promote_by_hand("prj_web", stranger.id)
        ask(seconds, woken)

    there.clock.pause = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match=rf"Somebody else had Vercel move web to {stranger.id} \(promote\) at the sa"):
        there.target.switch(there.order(2))


def test_somebody_rolls_back_at_vercel_and_we_come_back(there: There) -> None:
    there.deploy(1)
    second = there.deploy(2)
    there.vercel.promote_by_hand("prj_web", DPL_1, "rollback")
    assert there.live() == "production-1"

    there.target.put_back(second)

    assert there.live() == "production-2"


@pytest.mark.parametrize("before", [True, None, False])
def test_a_push_does_not_go_live_by_itself(there: There, before: bool | None) -> None:
    """A promotion switches it on again, where a rollback has switched it off."""
    there.project.auto_assign = before
    first = there.deploy(1)
    there.vercel.push("prj_web", "8" * 40)
    assert there.live() == "production-1"

    there.deploy(2)
    there.target.put_back(first)
    there.vercel.push("prj_web", "9" * 40)

    assert there.live() == "production-1"


def test_somebody_has_pushes_go_live_by_themselves_again(there: There) -> None:
    there.deploy(1)
    there.project.auto_assign = True

    there.candidate(there.order(2))

    assert there.live() == "production-1"


# --- the way back ----------------------------------------------------------------------------------------------------


def test_back_is_an_instant_and_builds_nothing(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    rollback = replace(first, deployment="production-3", reuse_warm=True)

    assert there.candidate(rollback).warm
    there.target.switch(rollback)

    assert (there.live(), there.asked("deployments", "rollback")) == (
        "production-3",
        ["deployments", "deployments", "rollback"],
    )


def test_on_hobby_the_one_before_comes_back_at_once_and_older_ones_are_built_again(there: There) -> None:
    there.project.hobby = True
    first, second, _ = (there.deploy(number) for number in (1, 2, 3))

    assert there.target.put_back(second).warm
    assert there.live() == "production-2"
    assert not there.target.put_back(first).warm
    assert there.live() == "production-1"


def test_what_can_not_be_built_again_either_stays_known(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    there.vercel.answer_next("POST rollback", json_reply(402, {"error": {"code": "payment", "message": "Upgrade"}}))
    there.vercel.answer_next("POST deployments", json_reply(402, {"error": {"code": "payment", "message": "Pay"}}))

    with pytest.raises(Unavailable) as refused:
        there.target.put_back(first)

    assert refused.value.message == (
        "Vercel refused POST /v13/deployments with 402: Pay. Look at the team's plan and payments at Vercel."
    )
    assert there.target.put_back(first).warm


def test_without_a_way_back_the_project_is_paused(there: There) -> None:
    order = there.deploy(1)

    there.target.close_route(order)

    assert there.target.live(PRODUCTION, WEB, TARGET).detail == "web is paused at Vercel"
    assert there.target.reachable(TARGET) == "web is paused at Vercel: resume it there."


# --- builds that do not come to anything -----------------------------------------------------------------------------


def test_a_failed_build_says_what_its_log_said(there: There) -> None:
    there.project.broken["1" * 40] = "ERROR"

    with pytest.raises(Refused) as refused:
        there.candidate(there.order(1))

    assert refused.value.message == (
        f'The build of web failed at Vercel ({DPL_1}): Command "next build" exited with 1.'
    )
    assert refused.value.evidence == 'Running "next build"\nError: Command "next build" exited with 1'


ENDS: dict[str, tuple[type[OutsideError], str]] = {
    "CANCELED": (Unavailable, f"{DPL_1} of web was cancelled at Vercel."),
    "DELETED": (Unavailable, f"{DPL_1} of web was deleted at Vercel."),
    "THINKING": (Unclear, f"{DPL_1} is still THINKING at Vercel."),
}


@pytest.mark.parametrize("state", ENDS)
def test_a_build_that_ends_otherwise_is_no_fault_of_the_release(there: There, state: str) -> None:
    there.project.broken["1" * 40] = state
    kind, text = ENDS[state]

    with pytest.raises(kind) as ended:
        there.candidate(there.order(1))

    assert ended.value.message == text
    assert state != "THINKING" or timedelta(seconds=sum(there.clock.pauses)) >= WEB.build_within


def test_a_candidate_that_is_not_well_is_refused_and_nothing_moves(there: There) -> None:
    there.deploy(1)
    there.project.unwell.add("2" * 40)

    with pytest.raises(Refused) as refused:
        there.candidate(there.order(2))

    assert refused.value.message == "web is not well at its own address: it answered 500 instead of 200."
    assert refused.value.evidence == '500 {"status": "unhealthy"}'
    assert there.live() == "production-1"


def test_a_build_on_its_way_is_cancelled(there: There) -> None:
    order = there.order(1)
    there.target.start(order)

    there.target.discard(order)

    assert there.project.deployments[0].state == "CANCELED"


def test_a_webhook_has_us_look_at_once(there: There) -> None:
    """It comes while we wait; what it says is not believed, and what it is about is looked at."""
    order = there.order(1)
    there.target.start(order)
    for odd in (b"{", b"[]", b"null", b'{"payload": {"deployment": 7}}', b"[" * 100_000):
        there.target.heard(odd)
    hint = json.dumps({"type": "deployment.succeeded", "payload": {"deployment": {"id": DPL_1}}}).encode()
    there.vercel.look = lambda request: there.target.heard(hint)

    there.target.wait_until_ready(order, lambda: False)

    assert LOOK_EVERY not in there.clock.pauses


def test_a_webhook_has_us_look_at_once_where_the_domain_moves(there: There) -> None:
    first = there.deploy(1)
    there.deploy(2)
    moved = {"project": {"id": "prj_web"}, "fromDeploymentId": "dpl_2", "toDeploymentId": DPL_1}
    hint = json.dumps({"type": "deployment.rollback", "payload": moved}).encode()
    there.vercel.look = lambda request: there.target.heard(hint)
    there.clock.pauses.clear()

    there.target.put_back(first)

    assert there.live() == "production-1"
    assert there.clock.pauses == []
