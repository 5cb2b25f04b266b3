"""`gate notifications ...` and `gate ack` against a real server."""

import json

import pytest

from staging_gate.testing.polling import eventually
from tests.cli.conftest import Run


def test_a_page_that_reaches_nobody_is_seen_and_acknowledged(run: Run) -> None:
    assert run("notifications", "list").output == "Nobody was told of anything.\n"
    run("incident", "open", "nobody can [log in]", "--severity", "p0", by="ada")
    eventually(lambda: "untold" in run("status").output, within=15)

    status = run("status").output
    assert "page 1  P0 incident 1: nobody can [log in] (nobody could be told; " in status
    assert "nobody has acknowledged it: `gate ack 1`" in status
    assert "untold  tess could not be told so far (1 try) of: P0 incident 1: nobody can [log in]." in status
    assert "gate.yaml has no address for tess: add notify.people.tess." in status

    listed = run("notifications", "list").output
    assert "tess  tried 1 times  P0 incident 1: nobody can [log in]" in listed
    assert run("notifications", "list", "--mine", by="ben").output == "Nobody was told of anything.\n"
    as_json = json.loads(run("notifications", "list", "--json").output)
    assert [one["notification"]["recipient"] for one in as_json] == ["tess"]

    assert run("ack", "1", by="tess").output == "You see to it: P0 incident 1: nobody can [log in]\n"
    status = run("status").output
    assert "page 1" not in status and "untold" not in status
    again = run("ack", "1", by="ada")
    assert again.exit_code == 2
    assert "tess sees to it already, since " in again.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ack", "99"), "gate: There is no notice 99. `gate notifications list` shows them."),
        (("ack", "x"), "'x' is not a valid integer range."),
        (("notifications", "test", "zoe"), "gate: gate.yaml says nowhere under `notify` how zoe is reached."),
        (("notifications", "test"), "Missing argument 'NAME'."),
    ],
)
def test_bad_input_is_named(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run(*arguments, by="ada")
    assert said in refused.output
    assert refused.exit_code == 2


def test_the_doctor_says_that_nobody_is_told(run: Run) -> None:
    shown = run("doctor")
    assert "notifications: gate.yaml has no `notify`: nobody is told of a hotfix, an incident" in shown.output
    assert "-> Say under `notify` in gate.yaml how people are reached" in shown.output
    assert shown.exit_code == 1
