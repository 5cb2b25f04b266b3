"""`gate incident ...` against a real server."""

import json

import pytest

from tests.cli.conftest import Run


def test_an_incident_from_open_to_resolved(run: Run) -> None:
    opened = run("incident", "open", "login fails for [some]", "--severity", "p1", by="ada")
    assert opened.exit_code == 0, opened.output
    assert opened.output == "P1 incident 1 is open: login fails for [some]\n"
    assert "P1 incident 1  login fails for [some]  opened by ada" in run("status").output
    assert "login fails for [some]" in run("incident", "list").output
    assert "investigating, since " in run("incident", "show", "1").output

    refused = run("incident", "resolve", "1", "--reason", "looks fine", by="ben")
    assert refused.exit_code == 3
    assert "ben may not resolve: that needs the role tech_lead or devops or on_call or admin." in refused.stderr

    assert run("incident", "resolve", "1", "--reason", "mended", by="tess").output == "Incident 1 is resolved.\n"
    assert "login fails" not in run("incident", "list").output
    assert "resolved" in run("incident", "list", "--all").output
    assert "resolved by tess" in run("incident", "show", "1").output
    assert "incident" not in run("status").output


def test_machines_get_json(run: Run) -> None:
    opened = json.loads(run("incident", "open", "slow", "--severity", "p3", "--json", by="ada").output)
    number = str(opened["id"])
    assert json.loads(run("incident", "list", "--json").output) == [opened]
    assert json.loads(run("incident", "show", number, "--json").output) == opened
    resolved = json.loads(run("incident", "resolve", number, "--reason", "fast again", "--json", by="ada").output)
    assert resolved["resolution"] == "fast again"
    assert json.loads(run("incident", "list", "--all", "--json").output)[0] == resolved


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("open", "slow"), "Missing option '--severity'."),
        (("open", "slow", "--severity", "high"), "'high' is not one of 'p0', 'p1', 'p2', 'p3'."),
        (("open", "", "--severity", "p1"), "gate: An incident needs a title: what is wrong, in a few words."),
        (("open", "x", "--severity", "p1", "--deployment", "staging-9"), "gate: There is no deployment staging-9."),
        (("show", "99"), "gate: There is no incident 99. `gate incident list` shows the open ones."),
        (("resolve", "99", "--reason", "over"), "gate: There is no incident 99."),
        (("resolve", "1"), "Missing option '--reason'."),
        (("resolve", "1", "--reason", " "), 'gate: A reason is needed: --reason "..."'),
    ],
)
def test_bad_input_is_named(run: Run, arguments: tuple[str, ...], said: str) -> None:
    refused = run("incident", *arguments, by="ada")
    assert said in refused.output
    assert refused.exit_code == 2
