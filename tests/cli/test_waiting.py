"""What goes by itself, as people ask for it and take it back, against a real server."""

import json

from staging_gate.testing.serving import Served
from tests.cli.conftest import Run


def test_a_merge_that_waits_is_asked_for_and_taken_back(run: Run, served: Served) -> None:
    served.commit("feature/later", {"later.html": "later"}, "feat: later", start="staging")
    number = str(json.loads(run("change", "open", "feature/later", "--json", by="ada").output)["number"])

    asked = run("change", "merge", number, "--when-ready", by="ada")
    assert asked.exit_code == 0, asked.output
    assert f"Change {number} is merged by itself as soon as the gate opens." in asked.output
    assert "Approvals are missing" in asked.output
    assert f"change {number} goes as soon as the gate opens: " in run("status").output

    taken = run("change", "merge", number, "--cancel", by="ada")
    assert taken.output == f"Change {number} is not merged by itself any more.\n"
    again = run("change", "merge", number, "--cancel", by="ada")
    assert again.exit_code == 2
    assert f"Change {number} does not wait to be merged (open): there is nothing to take back." in again.output


def test_a_release_that_is_not_there_does_not_wait(run: Run) -> None:
    refused = run("release", "publish", "v9.0.0", "--when-ready", by="tess")
    assert refused.exit_code == 2
    assert "There is no release 'v9.0.0'." in refused.output


def test_a_major_is_announced(run: Run) -> None:
    said = run("release", "announce", "v7.0.0", "--for", "2199-03-19", "--note", "the old login goes", by="tess")
    assert said.output == "v7.0.0 is announced for Tue 2199-03-19; `gate calendar` shows it.\n"
    soon = run("release", "announce", "v7.0.0", "--for", "2020-01-01", by="tess")
    assert soon.exit_code == 2
    assert "at the earliest: majors are announced 7 days ahead" in soon.output
    assert "does not match the format" in run("release", "announce", "v7.0.0", "--for", "soon", by="tess").output
