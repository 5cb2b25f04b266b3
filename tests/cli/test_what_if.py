"""`gate explain` and `gate what-if` from the command line."""

import json
from pathlib import Path

from staging_gate.testing.serving import POLICY, Served
from tests.cli.conftest import Run


def opened(served: Served, run: Run) -> str:
    served.commit("feature/if", {"index.html": "if"}, "feat: if", start="staging")
    number = json.loads(run("change", "open", "feature/if", "--json", by="ada").output)["number"]
    return str(number)


def test_what_if(served: Served, run: Run, tmp_path: Path) -> None:
    number = opened(served, run)

    told = run("what-if", number, "--at", "2027-01-04 15:00", "--actor", "ben", "--action", "approve", by="ada")
    assert told.exit_code == 0, told.output
    first, second, last = told.output.splitlines()
    assert first == "SUPPOSED, nothing is done: Mon 2027-01-04 15:00 UTC, ben acts, under the rules in force."
    assert second == "The gate is open: ben can approve it."
    assert last == "In fact, for you and now: The gate is closed, for 1 reason."

    rules = tmp_path / "next.yaml"
    rules.write_text(POLICY.replace("approvals: {review: 1}", "approvals: {}"))
    freer = run("what-if", number, "--policy", str(rules), "--json", by="ada")
    assert freer.exit_code == 0, freer.output
    answer = json.loads(freer.output)
    assert (answer["decision"]["reasons"], answer["present"]["reasons"][0]["code"]) == ([], "approvals_missing")

    rules.write_text("product: 7\ncolour: red\n")
    broken = run("what-if", number, "--policy", str(rules), by="ada")
    assert broken.exit_code == 2
    assert "gate.yaml:2:1: colour: unknown key" in broken.output

    assert run("what-if", number, by="ada").exit_code == 3, "as explain"
    assert "'soon' is no moment; wanted one such as fri 15:00" in run("what-if", number, "--at", "soon").output
    run("change", "close", number, by="ada")


def test_a_policy_that_is_too_long_is_refused(served: Served, run: Run, tmp_path: Path) -> None:
    rules = tmp_path / "long.yaml"
    rules.write_text(POLICY + "#" * 262_144)

    assert (
        "at most 262144 characters" in run("what-if", "production", "--action", "hold", "--policy", str(rules)).output
    )


def test_another_act_is_explained(served: Served, run: Run) -> None:
    number = opened(served, run)

    assert "ada opened change" in run("explain", number, "--action", "approve", by="ada").output
    assert "The gate is open: ben can approve it." in run("explain", number, "--action", "approve", by="ben").output
    wrong = run("explain", "production", "--action", "merge")
    assert "merge can not be asked about production: with an environment one can " in wrong.output
    assert json.loads(run("explain", number, "--json", by="ada").output)["place"] is None
    run("change", "close", number, by="ada")
