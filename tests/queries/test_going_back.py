"""What a rollback would do now, on the board, on the pages, and in `gate explain rollback`."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Wish
from staging_gate.domain.way_back import Loss
from staging_gate.queries.board import board
from staging_gate.queries.deployments import timeline
from staging_gate.queries.explaining import explained
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World
from tests.runbook.test_proving_way_back import migrates

NOTE, LOST = Loss("column orders.note", 12), "column orders.note (12 rows of the clone)."


def live_after(world: World, verdict: str, *losses: Loss) -> None:
    world.way_back.next(verdict, *losses)
    world.release("v1.1.0", files=migrates(2))


def place(world: World, environment: Environment = Environment.PRODUCTION) -> str | None:
    return next(place.back for place in board(world.ports).places if place.environment is environment)


@pytest.mark.parametrize(
    ("verdict", "losses", "does"),
    [
        ("compatible", (), "moves the traffic alone: it works on the database as it is."),
        ("reversible", (), "downgrades the database first, and throws nothing away."),
        (
            "reversible",
            (NOTE,),
            "downgrades the database first, if a person agrees to throw away: " + LOST,
        ),
        (
            "irreversible",
            (),
            "is not possible: it does not work on the database as it is, and no downgrade mends that.",
        ),
        ("unknown", (), "asks a person first: whether it works on the database as it is, is not known."),
    ],
)
def test_it_is_said_before_anybody_orders_it(
    released: World, verdict: str, losses: tuple[Loss, ...], does: str
) -> None:
    live_after(released, verdict, *losses)

    said = f"Going back to v1.0.0 now {does}"
    assert place(released) == said
    assert place(released, Environment.STAGING) is None
    shown = page("board_content.html", board=board(released.ports), zone=ZoneInfo("UTC")).body
    assert said in bytes(shown).decode()
    for subject in ("rollback", "rollback v1.0.0", "rollback 1"):
        assert explained(released.ports, subject, released.person("dora"), None, "review", "").back == said


def test_with_nothing_to_go_back_to_nothing_is_said(released: World) -> None:
    assert place(released) is None
    assert explained(released.ports, "rollback", released.person("dora"), None, "review", "").back is None
    assert explained(released.ports, "rollback v1.0.0", released.person("dora"), None, "review", "").back is None


def test_a_rollback_says_what_it_did_with_the_database(released: World) -> None:
    live_after(released, "reversible", NOTE)
    rollback = released.roll_back("v1.0.0", wish=Wish(accept_data_loss=True))

    found = timeline(released.ports, rollback.id)
    assert found
    body = bytes(page("deployment_content.html", timeline=found, now=released.clock.now(), zone=ZoneInfo("UTC")).body)
    assert rollback.database_said in body.decode()
    plain = replace(found, deployment=replace(rollback, database_said=""))
    without = page("deployment_content.html", timeline=plain, now=released.clock.now(), zone=ZoneInfo("UTC")).body
    assert "<dt>database</dt>" not in bytes(without).decode()
