"""Whether production can go back, as the board and the pages say it."""

from zoneinfo import ZoneInfo

from staging_gate.domain.way_back import Loss, WayBackVerdict
from staging_gate.queries.board import board
from staging_gate.queries.ways_back import of_now, of_release
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World
from tests.runbook.test_proving_way_back import begin_to_ship, ship, stop

NOTE = Loss("column orders.note", 12)


def board_of(world: World) -> str:
    return bytes(page("board_content.html", board=board(world.ports), zone=ZoneInfo("UTC")).body).decode()


def test_the_board_says_what_going_back_would_lose(released: World) -> None:
    released.way_back.next("reversible", NOTE)
    ship(released)

    short = released.revision("staging").short
    said = f"Way back from {short} (staging-2) to v1.0.0: reversible, loses column orders.note (12 rows of the clone)."
    way = board(released.ports).way_back
    assert way is not None
    assert way.said == said
    assert [step.name for step in way.steps][-1] == "record the way back"
    assert said in board_of(released)


def test_with_the_same_migrations_the_board_has_nothing_to_say(released: World) -> None:
    released.ship_to_staging("feat: charts")

    way = of_now(released.ports)
    assert way is not None and way.way is not None
    assert way.way.verdict is WayBackVerdict.COMPATIBLE
    assert board(released.ports).way_back is None
    assert "Way back" not in board_of(released)


def test_while_it_is_tried_the_board_says_so(released: World) -> None:
    released.way_back.next_hangs()
    begin_to_ship(released, 2)

    way = board(released.ports).way_back
    assert way is not None
    assert way.trying and way.said.endswith("to v1.0.0: not known yet, and it is being tried.")
    stop(released)


def test_what_could_not_be_found_out_says_how_to_try_it_again(released: World) -> None:
    released.way_back.next("unknown")
    ship(released)

    way = of_now(released.ports)
    assert way is not None
    assert way.said.endswith("to v1.0.0: unknown.")


def test_a_release_leads_to_what_runs_and_what_runs_to_what_was_before(released: World) -> None:
    released.way_back.next("reversible", NOTE)
    ship(released)
    released.prepare_release("v1.1.0")
    before = of_release(released.ports, "v1.1.0")
    released.publish("v1.1.0")
    after = of_release(released.ports, "v1.1.0")

    assert before is not None and after is not None
    assert (
        before.said
        == after.said
        == ("Way back from v1.1.0 to v1.0.0: reversible, loses column orders.note (12 rows of the clone).")
    )
    assert of_release(released.ports, "v1.0.0") is not None
    assert of_now(released.ports) is None


def test_the_first_release_leads_nowhere(released: World) -> None:
    assert of_release(released.ports, "v1.0.0") is None
