"""`gate demo`, from outside: what it promises to whoever runs it, and that it leaves nothing behind."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from rich.console import Console

from staging_gate.adapters.local import procfs
from staging_gate.demo import display, ground, main, outsides, product
from staging_gate.demo.people import Deviation
from staging_gate.demo.signals import Ending, Interrupted
from staging_gate.demo.telling import Chapter, Story, Told, proper, step, tell
from staging_gate.testing import eventually
from staging_gate.testing.postgres import PostgresMissing

ROOT = Path(__file__).parents[2]
STEP = {"step": str, "expected": str, "observed": str, "ok": bool, "seconds": float}
SUMMARY = {
    "summary": bool,
    "ok": bool,
    "steps": int,
    "requests": int,
    "failed_requests": int,
    "rollback_ms": float,
    "merge_to_verified_s": float,
}


@dataclass
class Playing:
    """A demo that was started; `folder` is known once it has said so."""

    process: "subprocess.Popen[str]"
    lines: list[Any]
    notes: Path

    @property
    def folder(self) -> Path:
        return Path(eventually(lambda: re.findall(r"^State: +(\S+)$", self.notes.read_text(), re.MULTILINE), 60)[0])

    def next_line(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.lines.append(json.loads(line) if line else None)
        return self.lines[-1]

    def rest(self) -> list[Any]:
        while self.next_line() is not None:
            pass
        return self.lines[:-1]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Any]:
    """Starts `gate demo --json ...`; what is left of it after the test is stopped and removed."""
    started: list[Playing] = []

    def start(*options: str, **environ: str) -> Playing:
        notes = tmp_path / f"notes-{len(started)}"
        argv = [sys.executable, "-m", "staging_gate", "demo", "--json", *options]
        known = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **environ}
        with notes.open("w") as errors:
            process = subprocess.Popen(argv, env=known, stdout=subprocess.PIPE, stderr=errors, text=True)
        started.append(Playing(process, [], notes))
        return started[-1]

    yield start
    for one in started:
        one.process.send_signal(signal.SIGTERM)
        one.process.communicate(timeout=60)


def test_the_whole_runbook_is_played_and_nothing_is_left(play: Any) -> None:
    demo = play("--keep")

    *steps, summary = demo.rest()

    assert demo.process.wait(60) == 0, demo.notes.read_text()
    for told in steps:
        assert {name: type(value) for name, value in told.items()} == STEP
        assert told["ok"], told
    assert {name: type(value) for name, value in summary.items()} == SUMMARY
    assert summary["ok"] and summary["steps"] == len(steps)
    assert summary["requests"] > 500 and summary["failed_requests"] == 0
    assert 0 < summary["rollback_ms"] < 1000
    assert 0 < summary["merge_to_verified_s"] < 60
    assert_goes_on(demo)
    stop_by_hand(demo)
    assert_gone(demo.folder)


def test_connected_it_goes_from_github_to_production_at_render(play: Any, in_full: bool) -> None:
    """Up to the first release, and then a signal leaves nothing; in full, to the end."""
    demo = play("--connected")
    if in_full:
        *steps, summary = demo.rest()
        assert demo.process.wait(60) == 0, demo.notes.read_text()
        assert summary["ok"] and summary["failed_requests"] == 0
        assert all(summary["calls"].values()) and all(summary["webhooks"].values())
        assert steps[-1]["step"] == "All that was asked and told"
    else:
        while (told := demo.next_line())["step"] != "Dana publishes v1.0.0":
            assert told["ok"], told
        assert told["ok"] and "/health says v1.0.0" in told["observed"], told
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(60) == 130
    assert_gone(demo.folder)


def assert_goes_on(demo: Playing) -> None:
    """With --keep it says how to reach everything, and that can be reached."""
    said = demo.notes.read_text()
    link = re.search(r"^the board +(\S+)/login#(\S+)$", said, re.MULTILINE)
    assert link and get(f"{link[1]}/health")["status"] == "healthy"
    places = dict(re.findall(r"^((?:staging|production)\.\w+) +(\S+)$", said, re.MULTILINE))
    assert get(f"{places['staging.api']}/health")["environment"] == "staging"
    assert get(f"{places['production.api']}/health")["release"] == "v1.1.2"
    assert get(f"{places['production.web']}/health")["release"] == "v1.1.2"
    pushed = ["git", "-C", str(demo.folder / "marketedge"), "push", "gate", "HEAD:feature/played"]
    subprocess.run(pushed, check=True, capture_output=True)


def stop_by_hand(demo: Playing) -> None:
    argv = re.search(r"^to stop it +\S+/gate (.+)$", demo.notes.read_text(), re.MULTILINE)
    assert argv
    command = [sys.executable, "-m", "staging_gate", *argv[1].split()]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=True, capture_output=True)
    eventually(lambda: not processes_of(demo.folder))
    ground.remove(demo.folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_it_leaves_nothing(play: Any, number: signal.Signals) -> None:
    demo = play()
    assert demo.next_line()["ok"]

    demo.process.send_signal(number)

    assert demo.process.wait(60) == 128 + number
    assert "Interrupted: stopping and removing everything." in demo.notes.read_text()
    assert_gone(demo.folder)


def test_a_signal_while_the_server_begins_leaves_nothing(play: Any) -> None:
    demo = play()
    state = eventually(lambda: begun_server(demo.process.pid), within=60, every=0.002)

    demo.process.send_signal(signal.SIGINT)
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(60) == 130
    assert state
    assert_gone(state.parent)


def begun_server(pid: int) -> Path | None:
    """The state folder of a `gate up` among the children of this process."""
    for child in procfs.descendants(pid):
        told = dict(variable.partition(b"=")[::2] for variable in procfs.variables(child))
        if b"up" in procfs.arguments(child) and b"GATE_STATE" in told:
            return Path(os.fsdecode(told[b"GATE_STATE"]))
    return None


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Who starts us in the background of a shell has us ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_signal_is_answered_when_nothing_is_half_begun(interruptible: None) -> None:
    ending, over = Ending(), []

    with pytest.raises(Interrupted), ending.by_signals(), ending.deferred():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        over.append("all of it")

    assert over == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_database_that_can_not_be_used_is_said(play: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    demo = play(STAGING_GATE_POSTGRES_URL=f"postgresql://gate@127.0.0.1:{port}/postgres")

    assert demo.rest() == []
    assert demo.process.wait(60) == 1
    said = demo.notes.read_text()
    assert "gate demo: STAGING_GATE_POSTGRES_URL names a Postgres that can not be used: " in said
    assert "Traceback" not in said


def test_a_step_that_deviates_ends_it_and_the_logs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    @step("Ada looks at the weather", "it is dry")
    def weather(story: Story) -> str:
        raise Deviation("it rains")

    @step("Ada goes out", "she stays dry")
    def out(story: Story) -> str:
        asked.append("out")
        return ""

    monkeypatch.setattr(main, "CHAPTERS", (Chapter("A walk", (weather, out)),))

    done = CliRunner().invoke(main.demo, [])

    assert done.exit_code == 1 and not asked
    assert "NO  1  Ada looks at the weather" in done.output
    assert "expected: it is dry\n       observed: it rains\n" in done.output
    kept = Path(re.findall(r"The logs are kept in (\S+)\.$", done.output, re.MULTILINE)[0])
    with ExitStack() as stack:
        stack.callback(ground.remove, kept)
        assert "Staging Gate is up at" in (kept / "server.log").read_text()
    assert_gone(Path(re.findall(r"^State: +(\S+)$", done.output, re.MULTILINE)[0]))


def test_whatever_goes_wrong_in_a_step_is_what_was_observed() -> None:
    @step("Ada opens the box", "it has a cat")
    def box(story: Story) -> str:
        return dict[str, str]()["cat"]

    told = tell(a_story(), box)

    assert (told.ok, told.observed) == (False, "KeyError: 'cat'")


def test_outside_a_checkout_it_says_where_the_sample_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(product, "__file__", str(tmp_path / "lib" / "python" / "staging_gate" / "product.py"))

    done = CliRunner().invoke(main.demo, ["--json"])

    assert done.exit_code == 1
    assert done.stderr.startswith("gate demo: The sample product is not at ")
    assert done.stdout == ""


def test_its_help_says_what_it_does_where_and_how_it_ends() -> None:
    said = CliRunner().invoke(main.demo, ["--help"]).output

    for word in (
        "--keep",
        "--json",
        "--connected",
        "Ctrl-C",
        "STAGING_GATE_POSTGRES_URL",
        "/var/lib/staging-gate",
        "Exit code:",
    ):
        assert word in said


def test_without_postgres_the_databases_are_files_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> None:
        raise PostgresMissing("None is installed.")

    monkeypatch.setattr(outsides, "temporary_postgres", missing)
    monkeypatch.delenv(ground.GIVEN, raising=False)

    with ExitStack() as stack:
        kind, urls = outsides.databases(stack, tmp_path / "databases")

    assert kind == "SQLite, because no PostgreSQL could be run here. None is installed."
    assert urls["staging"] == f"sqlite:///{tmp_path}/databases/staging.db"
    assert (tmp_path / "databases").stat().st_mode & 0o7777 == 0o1777


def test_two_demos_have_ports_of_their_own() -> None:
    with ExitStack() as one, ExitStack() as other:
        ours, theirs = ground.reserve_ports(one, 20), ground.reserve_ports(other, 20)
        assert len({*ours, *theirs}) == 40

        with pytest.raises(OSError, match="already in use"), socket.socket() as third:
            third.bind(("127.0.0.1", ours[0]))
        with socket.create_server(("127.0.0.1", ours[0])) as server:
            assert server.getsockname()[1] == ours[0]


def test_a_folder_that_was_closed_for_writing_is_removed(tmp_path: Path) -> None:
    inside = tmp_path / "demo" / "builds" / "abc"
    inside.mkdir(parents=True)
    (inside / "file").touch()
    inside.chmod(0o555)
    inside.parent.chmod(0o555)

    ground.remove(tmp_path / "demo")

    assert list(tmp_path.iterdir()) == []


def test_in_a_terminal_people_see_what_goes_on_and_what_it_came_to() -> None:
    screen = io.StringIO()
    scene = display.Scene(Console(file=screen, force_terminal=True, width=90, color_system=None))
    one = main.CHAPTERS[0].steps[1]

    scene.watch(lambda: display.Traffic(1234, 0, "v1.0.0"))
    scene.chapter(main.CHAPTERS[0])
    scene.begin(one)
    scene.say("change 1: zebra-smoke pending")
    scene.refresh()
    scene.end(Told(one.name, one.expected, "remote: staging is protected", True, 0.25))
    scene.summary(display.Summary(True, 1, 1234, 0, 37.4, 2.0), display.Spent(61.0, 5.0, {"checks": 20.0}))
    scene.close()

    said = screen.getvalue()
    for text in (
        "Procedure 1: a feature goes to staging",
        "change 1: zebra-smoke pending",
        "production v1.0.0 · 1,234 requests · 0 failed",
        "✓  1 Ada pushes to staging directly",
        "expected  the server refuses and says what to do instead",
        "observed  remote: staging is protected",
        "The whole runbook, as expected",
        "37 ms",
    ):
        assert text in said, text


def test_providers_are_called_as_they_call_themselves() -> None:
    assert [proper(name) for name in ("github", "render", "vercel")] == ["GitHub", "Render", "Vercel"]


def a_story() -> Story:
    return Story(None, None, lambda what: None)  # type: ignore[arg-type]


def assert_gone(folder: Path) -> None:
    assert not folder.exists()
    assert not processes_of(folder)


def processes_of(folder: Path) -> list[int]:
    """Whoever was told the folder by name, as an argument or in a variable."""
    name = str(folder).encode()
    return [
        pid
        for pid in procfs.everybody()
        if pid != os.getpid() and any(name in word for word in procfs.arguments(pid) + procfs.variables(pid))
    ]


def get(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())
