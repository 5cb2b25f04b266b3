"""Webhooks that never came: found by asking GitHub what it sent, or by looking."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from staging_gate.adapters import github as adapter
from staging_gate.domain.delivery import Delivery, Lag
from staging_gate.messages import hooks as words
from staging_gate.ports import Ports
from staging_gate.runbook import finding_lost, hearing
from staging_gate.store import SqliteInbox
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.delivering import hook
from staging_gate.testing.web import Reply
from staging_gate.testing.world import World
from tests.adapters.github.connecting import QUICK, TOKEN, github_stand_in

ADDRESS = "https://gate.example.com/hooks/github"
MINUTES = finding_lost.EVERY.total_seconds() / 60


@dataclass
class Listening:
    """A world whose server looks every few minutes what it was sent, and how it is."""

    world: World
    ports: Ports
    inbox: SqliteInbox
    github: GitHubStandIn

    def advance(self, **lengths: float) -> None:
        self.world.advance(**lengths)
        finding_lost.look(self.ports, self.inbox)
        hearing.look_again(self.ports, self.inbox)

    def sends(self, event: str = "push", *, arrives: bool = False, guid: str = "") -> str:
        """GitHub sends something: it is lost, or taken by our inbox."""
        at = self.world.clock.now()
        guid = self.github.delivering.sends(event, at, {"of": event}, status=202 if arrives else 502, guid=guid)
        if arrives:
            self.inbox.keep([Delivery("github", guid, event, at, b"{}")])
        return guid

    @property
    def lag(self) -> Lag:
        [lag] = hearing.lags(self.inbox, ["github"])
        return lag

    @property
    def said(self) -> str:
        return words.lag(self.lag, self.world.clock.now())


@pytest.fixture
def github(tmp_path: Path, world: World) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, world.clock) as stand_in:
        stand_in.delivering.hooks = {5: hook("https://else.example.com/"), 7: hook(ADDRESS)}
        yield stand_in


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    yield inbox
    inbox.close()


@pytest.fixture
def listening(world: World, inbox: SqliteInbox, github: GitHubStandIn) -> Listening:
    return connected(world, inbox, github, token=TOKEN)


def connected(world: World, inbox: SqliteInbox, github: GitHubStandIn, **signed: str) -> Listening:
    settings = adapter.Settings(github.name, api=github.api, limits=QUICK, **signed)  # type: ignore[arg-type]
    connection = adapter.connect(settings, world.clock)
    deliveries = adapter.GitHubDeliveries(connection.calls, connection.sign_in, ADDRESS)
    listening = Listening(world, replace(world.ports, deliveries={"github": deliveries}), inbox, github)
    finding_lost.look(listening.ports, inbox)  # the server has started
    return listening


def pushed_behind_our_back(world: World) -> str:
    tip = world.revision("feature/a").commit
    commit = world.repository.commit(tip, {"more.txt": "more\n"}, "more", "ada", world.clock.now())
    world.repository.move("refs/heads/feature/a", commit)
    return commit


def test_a_lost_one_is_found_within_one_period(listening: Listening, world: World) -> None:
    change = world.change("feat: a", branch="feature/a")
    listening.sends(arrives=True)
    listening.advance(minutes=MINUTES)
    commit = pushed_behind_our_back(world)
    guid = listening.sends("push")

    listening.advance(minutes=MINUTES)

    found = listening.inbox.get("github", guid)
    assert found
    assert found.settled_at
    assert found.sent_at
    assert found.sent_at < found.received_at
    assert found.body == b'{"of": "push"}'
    assert world.look(change).head.commit == commit
    assert listening.lag.lost == 1
    assert listening.said == "the last came 0 s ago, none waits; 1 got lost and was found, asked 0 s ago"


def test_what_was_sent_before_we_first_listened_is_not_lost(
    world: World, inbox: SqliteInbox, github: GitHubStandIn
) -> None:
    for _ in range(3):
        github.delivering.sends("push", world.clock.now())
        world.clock.advance(hours=10)
    github.has_trouble(Reply(502, b"{}"), path="deliveries", times=99)
    listening = connected(world, inbox, github, token=TOKEN)
    world.clock.advance(seconds=2)
    lost = listening.sends()

    github.troubles.clear()
    listening.advance(hours=2)
    listening.advance(minutes=MINUTES)  # an hour's overlap, once more

    assert [one.key for one in inbox.recent()] == [lost]
    assert listening.lag.lost == 1


def test_nothing_is_asked_before_its_time(listening: Listening) -> None:
    listening.advance(minutes=MINUTES)
    asked = len(listening.github.asked_for("GET", "deliveries"))
    listening.advance(minutes=MINUTES - 0.1)
    assert len(listening.github.asked_for("GET", "deliveries")) == asked
    listening.advance(minutes=0.1)
    assert len(listening.github.asked_for("GET", "deliveries")) == asked + 1


def test_doubled_and_late_ones_count_once(listening: Listening) -> None:
    twice = listening.sends()
    listening.sends(guid=twice)
    arrived = listening.sends(arrives=True)
    listening.sends(guid=arrived, arrives=False)  # sent again by a person, and lost: we have it
    listening.advance(minutes=MINUTES)
    assert (listening.lag.lost, len(listening.inbox.recent())) == (1, 2)

    listening.sends(guid=twice, arrives=True)  # it comes after all
    listening.advance(minutes=MINUTES)
    listening.advance(minutes=MINUTES)
    assert (listening.lag.lost, len(listening.inbox.recent())) == (1, 2)


def test_what_may_still_be_coming_is_not_lost(listening: Listening) -> None:
    listening.world.advance(minutes=MINUTES)
    guid = listening.sends()
    listening.advance(seconds=5)
    assert listening.lag.lost == 0

    listening.inbox.keep([Delivery("github", guid, "push", listening.world.clock.now(), b"{}")])
    listening.advance(minutes=MINUTES)
    assert listening.lag.lost == 0


def test_a_day_late(listening: Listening) -> None:
    listening.advance(minutes=MINUTES)
    listening.sends()
    for _ in range(130):
        listening.sends(arrives=True)
    listening.advance(hours=24)

    assert listening.lag.lost == 1
    assert len(listening.github.asked_for("GET", "/deliveries$")) == 2 + 2  # by pages


def test_github_does_not_say(listening: Listening, world: World) -> None:
    """What changed is seen all the same, because we look by ourselves."""
    change = world.change("feat: a", branch="feature/a")
    listening.advance(minutes=MINUTES)
    listening.github.has_trouble(Reply(502, b"{}"), path="deliveries", times=99)
    commit = pushed_behind_our_back(world)
    listening.sends()

    listening.advance(minutes=MINUTES)

    assert world.look(change).head.commit == commit
    assert "what got lost is not known since 3 min: GitHub answered 502 to GET" in listening.said
    assert not listening.lag.is_well(world.clock.now())
    assert words.mend(listening.lag).startswith("Nothing is missed meanwhile, only later")
    listening.github.troubles.clear()
    listening.advance(minutes=MINUTES)
    assert listening.lag.lost == 1
    assert listening.lag.is_well(world.clock.now())


def test_a_token_that_may_not_see_it(world: World, inbox: SqliteInbox, github: GitHubStandIn) -> None:
    github.delivering.shown = False
    listening = connected(world, inbox, github, token=TOKEN)
    listening.advance(minutes=MINUTES)
    assert "this needs one of: repository_hooks=read" in listening.said

    listening.github.delivering.shown = True
    listening.github.delivering.hooks = {5: hook("https://else.example.com/")}
    listening.advance(minutes=MINUTES)
    assert f"No webhook of zebra/marketedge at GitHub sends to {ADDRESS}" in listening.said


def test_an_app_asks_as_itself(world: World, inbox: SqliteInbox, github: GitHubStandIn) -> None:
    key = generate_private_key(65537, 2048)
    github.app_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    listening = connected(world, inbox, github, app="Iv23liABC", key=pem)
    listening.sends("deployment_protection_rule")
    github.delivering.sends("push", world.clock.now())
    github.delivering.sent[-1]["repository_id"] = 1  # the App is installed elsewhere too

    listening.advance(minutes=MINUTES)

    [found] = inbox.recent()
    assert found.event == "deployment_protection_rule"
    assert inbox.get("github", found.key).body == b'{"of": "deployment_protection_rule"}'  # type: ignore[union-attr]


def test_what_is_found_long_ago_is_forgotten(listening: Listening) -> None:
    listening.sends()
    listening.advance(minutes=MINUTES)
    assert listening.lag.lost == 1
    listening.world.clock.advance(days=15)
    listening.inbox.settle(1, listening.world.clock.now() + timedelta(days=15))
    assert listening.lag.lost == 0
