"""The command line against a real server: what it prints, and with which exit code."""

import json
from pathlib import Path

import pytest

from staging_gate.cli.main import VERBS
from staging_gate.cli.reference import page
from staging_gate.testing.serving import POLICY, Served
from staging_gate.wire.api import Api
from tests.cli.conftest import Run

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_about_the_command_line_is_current() -> None:
    wanted = "python -m staging_gate.cli.reference docs/reference"
    assert (REFERENCE / "cli.md").read_text() == page(), wanted


def test_every_verb_is_there_and_has_help(run: Run) -> None:
    shown = run("--help")
    assert shown.exit_code == 0
    for verb in VERBS:
        assert verb in shown.output
        if verb != "demo":
            assert run(verb, "--help").exit_code == 0


def test_an_unknown_verb_is_wrong_use(run: Run) -> None:
    assert run("deplyo").exit_code == 2


def test_status_tells_what_is_where(run: Run) -> None:
    shown = run("status")
    assert shown.exit_code == 0, shown.output
    assert "shop" in shown.output
    assert "staging     runs nothing yet" in shown.output
    assert json.loads(run("status", "--json").output)["product"] == "shop"


def test_a_change_from_open_to_approved(served: Served, run: Run) -> None:
    served.commit("feature/hello", {"index.html": "hello again"}, "feat: say it again", start="staging")
    opened = run("change", "open", "feature/hello", "--json", by="ada")
    assert opened.exit_code == 0, opened.output
    number = str(json.loads(opened.output)["number"])

    own = run("approve", number, by="ada")
    assert own.exit_code == 3
    assert "ada opened change" in own.stderr
    assert "-> Somebody else has to look at it." in own.stderr

    closed = run("explain", number, by="ada")
    assert closed.exit_code == 3
    assert "[approvals_missing]" in closed.output

    asked = run("change", "request", number, "--from", "ben", by="ada")
    assert asked.output == f"Asked to approve change {number}: ben\n"
    assert "waits for 1 more as review: ben (asked)" in run("status").output
    assert "waits for 1 more as review: ben (asked)" in run("change", "show", number).output
    assert json.loads(run("change", "request", number, "--from", "ben", "--json").output)["reviewers"] == ["ben"]

    run("approve", number, by="ben")
    taken_back = run("approve", number, "--withdraw", by="ben")
    assert taken_back.output == f"1 approval of change {number} is withdrawn.\n"
    assert f"ben approved change {number} as review." in run("approve", number, by="ben").output
    assert "The gate is open: ada can merge it." in run("explain", number, by="ada").output
    assert "ben approved as review" in run("change", "show", number).output
    assert "hello again" in run("change", "diff", number).output
    assert "feat: say it again" in run("change", "list").output
    assert "urgent" in run("change", "label", number, "urgent", by="ada").output
    assert "is closed" in run("change", "close", number, by="ada").output


def test_a_closed_gate_is_exit_3_also_as_json(served: Served, run: Run) -> None:
    served.commit("feature/direct", {"index.html": "bye"}, "feat: leave", start="main")
    refused = run("change", "open", "feature/direct", "--to", "main", "--json", by="ada")
    assert refused.exit_code == 3
    assert json.loads(refused.output)["decision"]["reasons"][0]["code"] == "wrong_way"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("change", "show", "99"), 2, "gate: There is no change 99. `gate change list` shows the open ones."),
        (("change", "open", "feature/none"), 2, "gate: There is no branch 'feature/none'. Branches: "),
        (("change", "open", "staging", "--to", "main"), 2, "goes a release, with a version and notes"),
        (("deployment", "show", "staging-9"), 2, "gate: There is no deployment staging-9."),
        (("approve", "staging", "--as", "tech_lead"), 2, "gate: There is nothing in staging that can be approved"),
        (("approve", "staging", "--withdraw"), 2, "gate: There is nothing in staging that can be approved"),
        (("change", "request", "1"), 2, "Missing option '--from'."),
        (("release", "publish", "v9.0.0"), 2, "gate: There is no release 'v9.0.0'."),
        (("release", "open", "--tag", "1.0"), 3, "'1.0' is no release tag: it must be `v` and a semantic version"),
        (("rollback", "--reason", "bad"), 3, "There is nothing to go back to"),
        (("hold", "lift", "hold-1", "--reason", "ok"), 2, "gate: There is no hold hold-1 in force. In force: none."),
        (("change", "open"), 2, "Missing argument 'SOURCE'."),
    ],
)
def test_bad_input_is_named(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    refused = run(*arguments)
    assert said in refused.output
    assert refused.exit_code == code


def test_nobody_is_asked_whom_the_policy_does_not_name(served: Served, run: Run) -> None:
    served.commit("feature/asked", {"asked.html": "yes"}, "feat: ask", start="staging")
    opened = json.loads(run("change", "open", "feature/asked", "--json", by="ada").output)

    refused = run("change", "request", str(opened["number"]), "--from", "zoe")

    assert "gate: gate.yaml does not name 'zoe' among its people" in refused.output
    assert refused.exit_code == 2
    run("change", "close", str(opened["number"]), by="ada")


def test_no_server_is_said_with_what_to_do(run: Run) -> None:
    refused = run("status", GATE_SERVER="http://127.0.0.1:9")
    assert refused.exit_code == 1
    assert "No Staging Gate answers at http://127.0.0.1:9" in refused.output
    assert "Start it with `gate up`." in refused.output


def test_a_wrong_token_is_said(run: Run) -> None:
    refused = run("status", GATE_TOKEN="sgt_wrong")
    assert refused.exit_code == 2
    assert "A valid API token is needed: `gate login`" in refused.output


def test_nothing_known_is_said_with_what_to_do(run: Run, tmp_path: Path) -> None:
    refused = run("status", GATE_SERVER="", GATE_TOKEN="", GATE_STATE=str(tmp_path))
    assert refused.exit_code == 2
    assert "No server is known. Start one with `gate up`" in refused.output


def test_login_remembers_after_trying(served: Served, run: Run, tmp_path: Path) -> None:
    shown = run("login", served.address, "--token", served.token_of("ada"), GATE_SERVER="", GATE_TOKEN="")
    assert f"Signed in at {served.address} as ada (no roles)." in shown.output
    known = tmp_path / "staging-gate" / "login.json"
    assert known.stat().st_mode & 0o777 == 0o600
    assert run("status", GATE_SERVER="", GATE_TOKEN="").exit_code == 0
    assert run("status", GATE_SERVER=served.address + "/", GATE_TOKEN="").exit_code == 0
    elsewhere = run("status", GATE_SERVER="http://127.0.0.1:9", GATE_TOKEN="")
    assert "No server is known." in elsewhere.output, "a token is sent to no server but its own"


def test_a_hold_is_set_listed_and_lifted(run: Run) -> None:
    assert "Promotions to production are held" in run("hold", "set", "--reason", "audit week", by="tess").output
    id = json.loads(run("hold", "list", "--json").output)["holds"][0]["id"]
    assert "audit week" in run("hold", "list").output
    assert f"{id} is lifted." in run("hold", "lift", id, "--reason", "over", by="tess").output


def test_a_rollback_that_the_gate_refuses_says_why(run: Run) -> None:
    none = "There is nothing to go back to: no release was verified in production yet."
    for how in ((), ("v1.0.0",), ("--back", "2"), ("--through-provider",)):
        refused = run("rollback", *how, "--reason", "prices are wrong", by="tess")
        assert refused.exit_code == 3
        assert (none if how != ("v1.0.0",) else "v1.0.0 was never verified in production.") in refused.output
        assert "[no_rollback_target]" in refused.output
    assert "not both" in run("rollback", "v1.0.0", "--back", "1", "--reason", "x", by="tess").output
    assert run("rollback", "--back", "0", "--reason", "x", by="tess").exit_code == 2


def test_a_second_try_is_followed_to_its_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"production-3": "failed", "production-4": "succeeded"}
    recent = [{"id": "production-4", "retries": "production-3"}, {"id": "production-3", "retries": None}]
    monkeypatch.setattr(Api, "post", lambda *_, **__: {"id": "production-3", "why": "rollback"})
    monkeypatch.setattr(Api, "get", lambda *_, **__: recent)

    def end(_: Api, id: str) -> dict[str, dict[str, str]]:
        return {"deployment": {"id": id, "state": ended[id], "environment": "production"}}

    monkeypatch.setattr("staging_gate.cli.following.follow_deployment", end)
    done = run("rollback", "--reason", "it is slow", by="tess")
    assert (done.exit_code, "production-4 tries once more" in done.output) == (0, True)
    ended["production-4"] = "failed"
    assert run("rollback", "--reason", "it is slow", by="tess").exit_code == 1


def test_a_report_is_drafted(run: Run) -> None:
    number = json.loads(run("incident", "open", "prices are odd", "--severity", "p3", "--json").output)["id"]

    assert run("report", "incident", str(number)).output.startswith("# Incident report (draft): prices are odd\n")
    assert json.loads(run("report", str(number), "--json").output)["subject"] == str(number)
    assert "There is no deployment and no incident 'production-99'" in run("report", "production-99").output


def test_the_record_is_exported_and_verified_anywhere(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "record.jsonl"
    assert run("audit", "export", "--output", str(file)).exit_code == 0
    assert "The record is intact" in run("audit", "verify").output
    assert "The record is intact" in run("audit", "verify", str(file)).output

    lines = file.read_text().splitlines()
    entry = json.loads(lines[-1])
    lines[-1] = json.dumps({**entry, "actor": "mallory"})
    file.write_text("\n".join(lines))
    refused = run("audit", "verify", str(file))
    assert refused.exit_code == 1
    seq = entry["seq"]
    assert f"The record was tampered with at entry {seq}: entry {seq} does not match its hash." in refused.output

    file.write_text("not json\n")
    assert f"{file}:1: this is no entry of a record" in run("audit", "verify", str(file)).output


def test_init_writes_what_check_accepts(run: Run, tmp_path: Path) -> None:
    assert run("init", str(tmp_path)).exit_code == 0
    assert run("policy", "check", str(tmp_path / "gate.yaml")).exit_code == 0
    again = run("init", str(tmp_path))
    assert again.exit_code == 1
    assert "is there already; --force writes over it." in again.output


def test_a_broken_policy_is_exit_2_with_every_problem(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text(POLICY.replace("product:", "prodct:").replace("branch: main", "branch: trunk"))
    refused = run("policy", "check", str(file))
    assert refused.exit_code == 2
    assert f'{file}:1:1: prodct: unknown key, did you mean "product"?' in refused.output
    assert "flow.production.branch: wanted main" in refused.output


def test_the_policy_in_force_and_its_schema_are_printed(run: Run) -> None:
    assert json.loads(run("policy", "show").output)["product"] == "shop"
    assert json.loads(run("policy", "schema").output)["$schema"]


def test_doctor_says_what_is_well_and_what_not(run: Run) -> None:
    shown = run("doctor")
    assert "git: " in shown.output
    assert "policy: shop: site" in shown.output


def test_tokens_are_shown_once(run: Run) -> None:
    made = run("token", "create", "ben", "--label", "laptop")
    assert made.output.startswith("sgt_")
    assert made.output.split()[0] not in run("token", "list").output


def test_nothing_heavy_is_loaded_for_a_client_verb() -> None:
    """`gate status` must not wait for the server's libraries."""
    import subprocess
    import sys

    heavy = "('dbos', 'fastapi', 'sqlalchemy')"
    code = f"import sys, staging_gate.cli.reading; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CHECKED = POLICY.replace("flow:\n", "checks:\n  unit: {command: sh -c 'echo all is well'}\nflow:\n").replace(
    "checks: [], ", "checks: [unit], "
)


def test_the_output_of_a_check_is_printed(served: Served, run: Run) -> None:
    served.commit("main", {"gate.yaml": CHECKED}, "feat: have a check")
    served.commit("feature/logged", {"index.html": "hello, log"}, "feat: log", start="staging")
    opened = run("change", "open", "feature/logged", "--wait", by="ada")
    assert opened.exit_code == 0, opened.output
    number = json.loads(run("change", "list", "--json").output)[-1]["number"]
    assert "all is well" in run("change", "log", str(number), "unit").output
    served.commit("main", {"gate.yaml": POLICY}, "feat: have none")


def test_a_log_that_nobody_wrote_is_said(run: Run) -> None:
    shown = run("deployment", "log", "staging-9/build-site")
    assert shown.exit_code == 1
    assert "gate: There is no log staging-9/build-site, or nothing was written to it." in shown.stderr


def test_nothing_to_list_is_said(run: Run) -> None:
    assert run("deployment", "list").output == "No deployments yet.\n"
    assert run("hold", "list").output == "Nothing is held.\nNothing is in quarantine.\n"
    assert "`gate release plan` suggests the first" in run("release", "list").output


def test_a_conflict_is_said_when_the_checks_are_waited_for(served: Served, run: Run) -> None:
    served.commit("feature/one", {"index.html": "one"}, "feat: one", start="staging")
    served.commit("staging", {"index.html": "two"}, "feat: two")
    shown = run("change", "open", "feature/one", "--wait", by="ada")
    assert "feature/one does not merge into staging" in shown.output


def test_an_interrupt_is_no_failure_of_what_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Api, "get", interrupted)
    shown = run("status")
    assert (shown.exit_code, shown.stderr.strip()) == (130, "gate: interrupted; what the server has begun goes on.")
