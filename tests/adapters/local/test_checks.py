"""Checks and smoke tests: commands of the project, on its own code."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from staging_gate.adapters.local import connect
from staging_gate.adapters.local.accounts import service_account
from staging_gate.domain.check import Verdict
from staging_gate.domain.policy import CheckCommand
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Target
from staging_gate.ports.checks import Outcome
from staging_gate.ports.errors import Refused, Stopped
from staging_gate.testing import eventually
from tests.adapters.local.sample import World, never, service

LOG = "checks/tree/zebra-smoke"


def shell(script: str, **changes: object) -> CheckCommand:
    return CheckCommand("zebra-smoke", ("sh", "-c", script), **changes)  # type: ignore[arg-type]


def check(world: World, command: CheckCommand, revision: Revision | None = None) -> Outcome:
    return world.local.checks.run(revision or world.repository.commit(), (service(),), command, LOG, never)


def nothing_is_left(world: World) -> bool:
    return not list(world.layout.scratch.iterdir())


def test_a_check_that_passes_is_summed_up_by_its_last_line(world: World) -> None:
    outcome = check(world, shell("echo collecting; echo '12 passed in 0.1s'; echo; echo ----"))

    assert (outcome.verdict, outcome.summary) == (Verdict.PASSED, "12 passed in 0.1s")
    assert 0 < outcome.seconds < 10
    assert world.log(LOG) == "collecting\n12 passed in 0.1s\n\n----\n"
    assert nothing_is_left(world)


def test_a_check_that_fails_says_what_it_said_last(world: World) -> None:
    outcome = check(world, shell("echo '3 failed, 9 passed'; exit 1"))

    assert outcome.verdict is Verdict.FAILED
    assert outcome.summary == "zebra-smoke ended with exit code 1: 3 failed, 9 passed"


def test_a_check_without_a_word_passes(world: World) -> None:
    assert check(world, shell("exit 0")).summary == "zebra-smoke passed"


def test_a_check_that_takes_too_long_is_errored_and_nothing_of_it_goes_on(world: World, tmp_path: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {tmp_path}/pid; sleep 600' & sleep 600"

    outcome = check(world, shell(script, within=timedelta(seconds=0.5)))

    assert (outcome.verdict, outcome.summary) == (Verdict.ERRORED, "zebra-smoke was not done within 0.5 s")
    pid = (tmp_path / "pid").read_text().strip()
    eventually(lambda: not os.path.exists(f"/proc/{pid}") or "Z" in Path(f"/proc/{pid}/stat").read_text())
    assert nothing_is_left(world)


def test_a_check_that_can_not_start_is_errored(world: World) -> None:
    outcome = check(world, CheckCommand("zebra-smoke", ("pytestt", "-q")))

    assert outcome.verdict is Verdict.ERRORED
    assert outcome.summary.startswith("checks.zebra-smoke: the program pytestt is neither in the build's environment")


def test_a_check_whose_secret_is_missing_is_errored(world: World) -> None:
    outcome = check(world, shell("true", environ={"KEY": "env:NOT_THERE_AT_ALL"}))

    assert outcome.verdict is Verdict.ERRORED
    assert "KEY is env:NOT_THERE_AT_ALL" in outcome.summary


def test_a_check_whose_build_fails_is_failed(world: World) -> None:
    broken = service(build=("sh", "-c", "exit 3"))

    outcome = world.local.checks.run(world.repository.commit(), (broken,), shell("true"), LOG, never)

    assert outcome.verdict is Verdict.FAILED
    assert outcome.summary.startswith("The build of api failed")


def test_a_superseded_check_is_stopped(world: World) -> None:
    revision, stop = world.repository.commit(), threading.Event()
    outcomes: list[Outcome] = []
    command = shell("echo running; sleep 600")
    arguments = (revision, (service(),), command, LOG, stop.is_set)
    thread = threading.Thread(target=lambda: outcomes.append(world.local.checks.run(*arguments)))
    thread.start()
    eventually(lambda: "running" in world.log(LOG))
    stop.set()
    thread.join(10)

    assert [(o.verdict, o.summary) for o in outcomes] == [
        (Verdict.ERRORED, "cancelled: a newer push superseded it"),
    ]


def test_preparing_is_stopped_too(world: World) -> None:
    slow = service(build=("sleep", "600"))

    with pytest.raises(Stopped):
        world.local.checks.prepare(world.repository.commit(), (slow,), LOG, lambda: True)


def test_preparing_builds_what_is_deployed_later(world: World) -> None:
    revision = world.repository.commit()
    services = (service(), service(name="web"), service(name="jobs", build=("true",)))

    world.local.checks.prepare(revision, services, LOG, never)

    assert world.local.target.build(world.order(revision), LOG, never) == "kept: this tree is already built"
    assert len(list(world.layout.builds.glob("*.complete"))) == 2


def test_a_build_that_fails_in_preparation_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="The build of api failed"):
        world.local.checks.prepare(world.repository.commit(), (service(build=("false",)),), LOG, never)


def test_a_check_has_a_clean_writable_copy_and_the_builds_environment(world: World) -> None:
    revision = world.repository.commit(requirements__lock="")
    services = (service(build=("uv", "pip", "sync", "requirements.lock")),)
    script = (
        "echo > written && cp service.py settings.json && command -v python && ls .venv/bin/python && echo $HOME $CI"
    )

    for _ in range(2):
        outcome = world.local.checks.run(revision, services, shell(script), LOG, never)

    assert outcome.verdict is Verdict.PASSED
    assert outcome.summary.endswith("/home true")
    assert str(world.layout.builds) in world.log(LOG)
    [build] = [path for path in world.layout.builds.iterdir() if path.is_dir()]
    assert (build / "settings.json").read_text() == "{}"


def test_secrets_of_a_check_are_not_in_its_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SECRET", "hunter22")

    outcome = check(world, shell('echo "key is $KEY"', environ={"KEY": "env:OUR_SECRET"}))

    assert outcome.summary == "key is [redacted]"
    assert world.log(LOG) == "key is [redacted]\n"


def test_checks_run_as_their_own_account(account_world: World) -> None:
    world = account_world
    outcome = check(world, shell("echo > written; id -u"))

    uid = world.settings.account.uid if world.settings.account else os.geteuid()
    assert (outcome.verdict, outcome.summary) == (Verdict.PASSED, str(uid))


def test_builds_and_checks_may_run_apart_from_services(account_world: World) -> None:
    daemon = service_account("daemon")  # only root runs programs as others
    uid = daemon.uid if daemon else os.geteuid()
    check(account_world, shell("true"))
    apart = connect(replace(account_world.settings, builder=daemon), lambda: str(account_world.repository.path))
    built = service(build=("sh", "-c", "id -u && touch $HOME/tmp/mine"))
    outcome = apart.checks.run(account_world.repository.commit(), (built,), shell("id -u"), LOG, never)

    assert (outcome.verdict, outcome.summary) == (Verdict.PASSED, str(uid))
    assert account_world.log(LOG).count(f"{uid}\n") >= 2, "the build too, in the home that was another's"


# --- smoke tests -------------------------------------------------------------------------------------------------


SMOKE_LOG = "staging-1/smoke-api"


def smoke(world: World, script: str, names: tuple[str, ...] = (), **changes: object) -> Outcome:
    target = Target("local", world.port, environ={"TOKEN": "env:OUR_SECRET"})
    of = service(smoke=("sh", "-c", script, "--", "$URL", "$SMOKE_TESTS"), **changes)
    order = world.order(world.repository.commit(), service=of, target=target, release="v1.0.0")
    world.local.target.build(order, LOG, never)
    addresses = {"api": "http://127.0.0.1:7", "web-front": "http://127.0.0.1:8"}
    return world.local.smoke.run(order, "http://127.0.0.1:7", addresses, names, SMOKE_LOG)


@pytest.fixture(autouse=True)
def _a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_SECRET", "hunter22")


def test_smoke_tests_know_what_to_ask_and_where(world: World) -> None:
    script = "echo $1 $2 $URL $URL_WEB_FRONT $SMOKE_TESTS $ENVIRONMENT $RELEASE $TOKEN; pwd"

    outcome = smoke(world, script, ("health", "login"))

    assert outcome.verdict is Verdict.PASSED
    assert world.log(SMOKE_LOG).splitlines()[1] == (
        "http://127.0.0.1:7 health,login http://127.0.0.1:7 http://127.0.0.1:8 health,login staging v1.0.0 [redacted]"
    )
    assert outcome.summary.startswith(str(world.layout.builds))
    assert nothing_is_left(world)


def test_all_smoke_tests_are_asked_for_by_no_name(world: World) -> None:
    assert smoke(world, 'echo "only: [$2] [$SMOKE_TESTS]"').summary == "only: [] []"


def test_a_smoke_test_that_fails(world: World) -> None:
    outcome = smoke(world, "echo login answered 500; exit 1")

    assert outcome.verdict is Verdict.FAILED
    assert outcome.summary == "their command ended with exit code 1: login answered 500"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "FAILED tests/smoke.py::test_login - 500\nFAILED tests/smoke.py::test_board\n2 failed, 2 passed in 0.4s",
            "FAILED tests/smoke.py::test_login - 500",
        ),
        ("FAIL: test_login (smoke.Smoke)\nRan 4 tests in 0.4s\nFAILED (failures=1)", "FAIL: test_login (smoke.Smoke)"),
        (
            "health: passed\nlogin: FAILED. 500\nboard: FAILED. no login\n2 of 4 failed",
            "login: FAILED. 500",
        ),
        ("smoke.py::health PASSED [50%]\nsmoke.py::login FAILED [100%]\n1 failed", "smoke.py::login FAILED [100%]"),
        ("ok 1 - health\nnot ok 2 - login\n1..2", "not ok 2 - login"),
        ("ERROR tests/smoke.py::test_login\n1 error in 0.4s", "ERROR tests/smoke.py::test_login"),
        ("ERROR    root:app.py:3 no session\n1 failed in 0.4s", "1 failed in 0.4s"),
    ],
)
def test_of_smoke_tests_that_fail_the_first_is_named(world: World, said: str, told: str) -> None:
    outcome = smoke(world, f"echo '{said}'; exit 1")

    assert outcome.summary == f"their command ended with exit code 1: {told}"


def test_a_smoke_test_that_takes_too_long_is_errored(world: World) -> None:
    outcome = smoke(world, "sleep 600", smoke_within=timedelta(seconds=0.3))

    assert (outcome.verdict, outcome.summary) == (
        Verdict.ERRORED,
        "their command was not done within 0.3 s",
    )


def test_a_service_without_smoke_tests_passes_by_saying_so(world: World) -> None:
    order = world.order(world.repository.commit())

    outcome = world.local.smoke.run(order, "http://127.0.0.1:7", {}, (), SMOKE_LOG)

    assert outcome == Outcome(Verdict.PASSED, "api has no smoke tests", 0.0)


def test_a_smoke_test_that_can_not_be_run_is_errored(world: World) -> None:
    order = world.order(world.repository.commit(), service=service(smoke=("true",)))

    outcome = world.local.smoke.run(order, "http://127.0.0.1:7", {}, (), SMOKE_LOG)

    assert outcome.verdict is Verdict.ERRORED
    assert "has to be built first" in outcome.summary


def test_smoke_tests_of_what_a_provider_built_are_built_here_and_get_its_secret(world: World) -> None:
    at = Target("vercel", identity="prj_1", for_smoke={"BYPASS": "env:OUR_SECRET"})
    of = service(smoke=("sh", "-c", "test $BYPASS = hunter22 && echo in; echo $BYPASS"))
    order = world.order(world.repository.commit(), service=of, target=at)

    outcome = world.local.smoke.run(order, "http://127.0.0.1:7", {}, (), SMOKE_LOG)

    assert outcome.verdict is Verdict.PASSED, outcome
    said = world.log(SMOKE_LOG)
    assert "\nin\n" in said and "hunter22" not in said.replace("test $BYPASS = hunter22", "")
