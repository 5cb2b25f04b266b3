"""What a browser carries: a session that reads as long as its token is good."""

import pytest

from staging_gate.runbook import sessions, tokens
from staging_gate.testing.world import World


@pytest.fixture
def secret(world: World) -> str:
    return tokens.create(world.ports, "tess", world.person("root"))[1]


def test_a_session_is_of_who_holds_the_token_and_does_not_tell_it(world: World, secret: str) -> None:
    session = sessions.begin(world.ports, secret) or ""
    who = sessions.reader(world.ports, session)

    assert who and (who.name, who.roles) == ("tess", frozenset({"tech_lead"}))
    assert secret not in session
    assert tokens.authenticate(world.ports, session) is None
    assert sessions.begin(world.ports, session) is None


def test_it_ends(world: World, secret: str) -> None:
    session = sessions.begin(world.ports, secret) or ""

    world.advance(days=29, hours=23)
    assert sessions.reader(world.ports, session)
    world.advance(hours=1)
    assert sessions.reader(world.ports, session) is None


def test_it_ends_with_its_token(world: World, secret: str) -> None:
    session = sessions.begin(world.ports, secret) or ""
    tokens.revoke(world.ports, session.partition(".")[0], world.person("tess"))

    assert sessions.reader(world.ports, session) is None


def test_nobody_makes_one_up(world: World, secret: str) -> None:
    id, until, seal = (sessions.begin(world.ports, secret) or "").split(".")

    made_up = [f"{id}.{int(until) + 1}.{seal}", f"{id}.{until}.{seal[:-1]}x", f"{id}.{until}.é", f"{id}.{until}.", id]
    made_up += [f"00000000.{until}.{seal}", f"{id}.²³.{seal}", f"{id}.{'9' * 30}.{seal}", "", "..", secret]
    for session in made_up:
        assert sessions.reader(world.ports, session) is None, session
