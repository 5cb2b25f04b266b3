"""Webhooks are lost, doubled, reordered, a day late: we read again how it is, so none of that does any harm."""

from staging_gate.domain.change import Change, ChangeState
from staging_gate.testing.connected import ConnectedWorld
from staging_gate.testing.world import World
from tests.runbook.stories import closed

BRANCH = "feature/one"


def approved(world: ConnectedWorld) -> Change:
    change = world.change("feat: one", branch=BRANCH)
    world.approve(change)
    return change


def pushed_again(world: World, text: str) -> str:
    """Somebody pushes to the branch of the change, at GitHub."""
    return world.push(BRANCH, {"more.txt": text}, message=f"feat: {text}").commit


def moves(world: ConnectedWorld, change: Change) -> int:
    return [action for _, action, _ in world.record(f"change {change.number}")].count("head moved")


def test_a_webhook_is_looked_after_at_once(connected: ConnectedWorld) -> None:
    """However lately the branches were read."""
    world = connected
    change = approved(world)
    before = world.clock.now()

    commit = pushed_again(world, "more")

    assert world.look(change).head.commit == commit
    assert (world.clock.now() - before).total_seconds() < 1
    assert closed(lambda: world.merge(change)) == ("approvals_missing",)


def test_a_webhook_is_lost(connected: ConnectedWorld) -> None:
    """Whoever acts sees what was pushed; and so does the server with its next look."""
    world = connected
    change = approved(world)
    world.post.held = True
    commit = pushed_again(world, "more")

    world.advance(seconds=10)

    assert world.look(change).head.commit == commit
    assert closed(lambda: world.merge(change)) == ("approvals_missing",)
    assert [lag.waiting for lag in world.post.inbox.lags()] == [0]


def test_a_webhook_comes_twice_and_once_more_under_another_name(connected: ConnectedWorld) -> None:
    world = connected
    change = approved(world)
    world.post.held = True
    pushed_again(world, "more")
    world.post.send("github", "push", {"ref": f"refs/heads/{BRANCH}"})
    first, again = world.post.letters

    assert [world.post.deliver(letter) for letter in (first, first, again)] == [202, 202, 202]
    world.hear()
    world.post.deliver(first)
    world.hear()

    assert len([one for one in world.post.inbox.recent() if one.key == first.headers["x-github-delivery"]]) == 1
    assert moves(world, change) == 1


def test_webhooks_come_in_another_order(connected: ConnectedWorld) -> None:
    """The last push counts, whichever was told of last."""
    world = connected
    change = approved(world)
    world.post.held = True
    pushed_again(world, "more")
    last = pushed_again(world, "most")

    for letter in reversed(world.post.letters):
        world.post.deliver(letter)
        world.hear()

    assert world.look(change).head.commit == last
    assert moves(world, change) == 1


def test_a_webhook_comes_a_day_late(connected: ConnectedWorld) -> None:
    """By then the branch is merged and gone: nothing is done again."""
    world = connected
    change = approved(world)
    world.post.held = True
    pushed_again(world, "more")
    world.advance(seconds=10)
    world.approve(change)
    assert world.merge(change).state is ChangeState.MERGED
    record, deploys = world.record(), world.staging.deploys()
    world.advance(days=1)

    assert [world.post.deliver(letter) for letter in world.post.letters] == [202]
    world.hear()

    assert world.record() == record
    assert world.staging.deploys() == deploys
    assert world.differences() == []


def test_a_webhook_of_render_comes_a_day_late(connected: ConnectedWorld) -> None:
    """It could be a replay, so it is refused; nothing waits for it."""
    world = connected
    world.post.held = True
    world.post.send("render", "deploy_ended", {"type": "deploy_ended", "data": {"serviceId": "srv-1"}})
    world.ship_to_staging()
    world.advance(days=1)

    assert [world.post.deliver(letter) for letter in world.post.letters if letter.provider == "render"] == [401]

    assert world.staging.live_commit() == world.revision("staging").commit


def test_webhooks_wait_while_github_can_not_be_read(connected: ConnectedWorld) -> None:
    world = connected
    change = approved(world)
    with world.down(world.github):
        commit = pushed_again(world, "more")
        world.advance(minutes=5)
        assert world.look(change).head.commit != commit

    world.advance(seconds=10)

    assert world.look(change).head.commit == commit
    assert [lag.waiting for lag in world.post.inbox.lags()] == [0]
