"""`gate bypass ...` against a real server."""

import json

import pytest

from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api
from tests.cli.conftest import Run

CODE = "not_verified_in_staging"
WHY = "customers can not [log] in"


@pytest.fixture(scope="module", autouse=True)
def release(served: Served) -> None:
    """v1.0.0, whichever of these tests comes first."""
    served.commit("staging", {"index.html": "hello again"}, "feat: say it again", start="staging")
    Api(served.address, served.token_of("ada")).post("/releases", tag="v1.0.0")


def test_a_bypass_from_given_to_withdrawn(run: Run) -> None:
    assert "may be bypassed by: tech_lead" in run("explain", "1", by="ada").output

    refused = run("bypass", "v1.0.0", CODE, "--reason", WHY, by="ben")
    assert refused.exit_code == 3
    assert "ben may not bypass: that needs the role tech_lead." in refused.stderr

    given = run("bypass", "v1.0.0", CODE, "--reason", WHY, "--for", "90m", by="tess")
    assert given.exit_code == 0, given.output
    first, second = given.output.splitlines()
    assert first.startswith(f"{CODE} of v1.0.0 can be passed once until 20")
    id = first.rpartition("(")[2].rstrip(").")
    assert second == f"It is on the record. To take it back: `gate bypass withdraw {id}`"
    line = f"tess lets {CODE} of v1.0.0 be passed (in force, until "
    for shown in (run("status"), run("bypass", "list"), run("change", "show", "1"), run("release", "show", "v1.0.0")):
        assert line in shown.output
        assert WHY in shown.output
    assert f"passed by {id} of tess, until " in run("explain", "1", by="ada").output

    assert run("bypass", "withdraw", id, by="tess").output == f"{id} is withdrawn.\n"
    assert run("bypass", "list").output == "No bypass is in force.\n"
    assert f"{CODE} of v1.0.0 be passed (withdrawn): {WHY}" in run("bypass", "list", "--all").output
    assert "bypass" not in run("status").output


def test_machines_get_json(run: Run) -> None:
    given = run("bypass", "give", "v1.0.0", CODE, "--reason", WHY, "--json", by="tess")
    one = json.loads(given.output)
    assert (one["bypass"]["by"], one["bypass"]["reason"], one["state"]) == ("tess", WHY, "in force")
    assert json.loads(run("bypass", "list", "--json").output)[0]["bypass"] == one["bypass"]
    gone = json.loads(run("bypass", "withdraw", one["bypass"]["id"], "--json", by="tess").output)
    assert gone["withdrawn_at"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "Pass one reason of a closed gate, once."),
        (("v1.0.0", CODE), 2, "Missing option '--reason'."),
        (("v1.0.0",), 2, "Missing argument 'CODE'."),
        (
            ("v1.0.0", CODE, "--reason", WHY, "--for", "soon"),
            2,
            "wanted a length such as 90s, 30m, 2h or 3d, found 'soon'",
        ),
        (
            ("v1.0.0", CODE, "--reason", WHY, "--for", "4d"),
            2,
            "gate: A bypass lasts from 5 minutes to 72 hours: --for 2h.",
        ),
        (("v1.0.0", CODE, "--reason", "now"), 2, "gate: A bypass needs a justification of 10 to 1000 letters"),
        (("v1.0.0", "approvals_missing", "--reason", WHY), 3, "approvals_missing is never bypassed: "),
        (("v9.0.0", CODE, "--reason", WHY), 2, "gate: There is no release 'v9.0.0'."),
        (("withdraw", "bypass-9"), 2, "gate: There is no bypass 'bypass-9'. `gate bypass list` shows them."),
    ],
)
def test_bad_input_is_named(run: Run, arguments: tuple[str, ...], status: int, said: str) -> None:
    refused = run("bypass", *arguments, by="tess")
    assert said in refused.output
    assert refused.exit_code == status
