"""Procedure 4 C at GitHub: a rollback tag that is pushed there begins the rollback, if whoever pushed it may."""

import json

import pytest

from staging_gate.domain.delivery import Delivery
from staging_gate.domain.environment import Environment
from staging_gate.domain.notification import Event
from staging_gate.runbook import pushes
from staging_gate.testing.connected import ConnectedWorld
from tests.runbook.stories import actions

TAG = "v1.0.0-rollback"


def test_a_rollback_tag_begins_the_rollback(connected_two: ConnectedWorld) -> None:
    world = connected_two
    world.push_tag(TAG, at="v1.0.0", message="Rollback to v1.0.0 due to wrong prices")

    assert world.production.live() == "v1.0.0"
    last = world.deployments(Environment.PRODUCTION)[-1]
    assert (last.requested_by, last.why) == (
        "dora",
        f"rollback to v1.0.0: Rollback to v1.0.0 due to wrong prices (tag {TAG})",
    )
    assert actions(world, TAG)[:3] == [pushes.HEARD, pushes.ACCEPTED, pushes.PUSHED]


def test_a_tag_is_carried_out_once(connected_two: ConnectedWorld) -> None:
    """Its webhook comes twice, and that of `create` besides."""
    world = connected_two
    world.post.held = True
    world.push_tag(TAG, at="v1.0.0")
    (letter,) = world.post.letters
    world.post.held = False
    assert world.post.deliver(letter) == 202
    told = json.loads(letter.body)
    world.post.send("github", "create", {**told, "ref": TAG, "ref_type": "tag", "created": None})
    world.hear()
    assert world.post.deliver(letter) == 202
    world.hear()

    assert len(world.deployments(Environment.PRODUCTION)) == 3
    assert actions(world, TAG).count(pushes.PUSHED) == 1


@pytest.mark.parametrize(
    ("tag", "by", "message", "said"),
    [
        (TAG, "ada", "because", f"{TAG} orders a rollback, which ada may not do: it needs the role"),
        (TAG, "eve", "because", "eve may read this repository, but not push to it:"),
        (TAG, "dora", None, f"{TAG} is a lightweight tag: a rollback needs a reason and a name."),
        ("v0.9.0-rollback", "dora", "because", "v0.9.0-rollback names the release v0.9.0, which is not there."),
    ],
)
def test_who_may_not_is_refused(
    connected_two: ConnectedWorld, tag: str, by: str, message: str | None, said: str
) -> None:
    world = connected_two
    world.push_tag(tag, at="v1.0.0", by=by, message=message)
    world.advance(seconds=10)

    assert world.production.live() == "v1.1.0"
    (refused,) = [why for _, action, why in world.record(tag) if action == pushes.REFUSED]
    assert refused.startswith(said)
    assert world.differences() == [f"{tag}: The tag {tag} of {by} orders a rollback that was refused: {refused}"]
    with world.store.reading() as tx:
        (notice,) = tx.notices.about(tag)
    assert (notice.event, notice.people) == (Event.ROLLBACK_REFUSED, (by,))
    assert notice.body.startswith(f"{by} pushed it. {refused}")


def test_one_that_was_refused_is_made_anew(connected_two: ConnectedWorld) -> None:
    """As the refusal says; and its own webhook, once more, says nothing new."""
    world = connected_two
    world.push_tag(TAG, at="v1.0.0", message=None)
    told = {"repository": {"full_name": world.github.name}, "sender": {"login": "dora", "type": "User"}}
    world.post.send("github", "create", {"ref": TAG, "ref_type": "tag", **told})
    world.hear()
    assert actions(world, TAG) == [pushes.HEARD, pushes.REFUSED]

    world.repository.delete(f"refs/tags/{TAG}")
    world.clock.advance(seconds=10)
    world.push_tag(TAG, at="v1.0.0")

    assert world.production.live() == "v1.0.0"
    assert world.differences() == []
    with world.store.reading() as tx:
        assert [one.event for one in tx.notices.about(TAG)] == [Event.ROLLBACK_REFUSED]
    assert actions(world, TAG)[2:5] == [pushes.HEARD, pushes.ACCEPTED, pushes.PUSHED]


def test_an_order_that_comes_too_late_is_refused(connected_two: ConnectedWorld) -> None:
    """Its webhook is a day late, and somebody has gone back by hand meanwhile."""
    world = connected_two
    world.post.held = True
    world.push_tag(TAG, at="v1.0.0")
    body, sent = world.post.letters[0].body, world.clock.now()
    world.roll_back("v1.0.0")
    lost = Delivery("github", "lost-1", "push", world.clock.now(), body, sent_at=sent)
    world.post.inbox.keep_lost([lost])
    world.advance(seconds=10)

    assert len(world.deployments(Environment.PRODUCTION)) == 3
    assert [why for _, action, why in world.record(TAG) if action == pushes.REFUSED] == [
        f"{TAG} was pushed before production-3 was asked for, and heard of only now: it was meant for what ran then. "
        "If it is still wanted: gate rollback"
    ]


def test_a_tag_of_which_nobody_told_begins_nothing(connected_two: ConnectedWorld) -> None:
    """git does not say who made it: the board says that it is there."""
    world = connected_two
    world.post.held = True
    world.push_tag(TAG, at="v1.0.0")
    world.advance(seconds=10)

    assert world.production.live() == "v1.1.0"
    assert world.differences() == [f"{TAG}: The tag {TAG} orders a rollback that was never begun."]


def test_a_mended_tag_that_is_refused_once_more_is_told_once_more(connected_two: ConnectedWorld) -> None:
    world = connected_two
    for _ in range(2):
        world.push_tag(TAG, at="v1.0.0", by="ada")
        world.advance(seconds=10)
        world.repository.delete(f"refs/tags/{TAG}")
        world.advance(seconds=10)

    with world.store.reading() as tx:
        assert [one.event for one in tx.notices.about(TAG)] == [Event.ROLLBACK_REFUSED] * 2
