"""The three GitHub Actions files: what is written when, what GitHub would say to them, and what their scripts do."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from staging_gate.adapters.local.ports import free_port
from staging_gate.bootstrap.settings import Settings
from staging_gate.bootstrap.shutdown import stop_everything
from staging_gate.cli.main import gate
from staging_gate.testing.serving import POLICY, Served, running_server

PRODUCT = Path(__file__).parents[1] / "e2e" / "product"
STAGING, PRODUCTION, ROLLBACK = "staging-environment-deployment", "production-deployment", "production-rollback"
PIN = ("--source", "https://github.com/zebra/staging-gate", "--commit", "0123456789" * 4)
FLOW = """\
product: tiny
services:
  api:
    run: python3 -I -S service.py
    health: {within: 20s}
    stop_within: 1s
    targets: {staging: {local: {port: %s}}, production: {local: {port: %s}}}
flow:
  staging: {branch: staging, checks: [], approvals: {}}
  production: {branch: main, from: staging, requires: [], approvals: {}}
people: {ada: ada@tiny.example, dana: dana@tiny.example, viola: the screen in the corner}
roles: {devops: [dana], tech_lead: [dana], viewer: [viola]}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "gate.yaml").write_text(POLICY)
    assert write(tmp_path, *PIN).exit_code == 0
    return tmp_path


def write(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(gate, ["workflows", str(folder), *options])


def place(folder: Path, name: str) -> Path:
    return folder / ".github" / "workflows" / f"{name}.yml"


def read(folder: Path, name: str) -> dict[str, Any]:
    """As GitHub reads it: `on` is a word and no truth value."""
    loaded: dict[str, Any] = yaml.load(place(folder, name).read_text(), yaml.BaseLoader)  # noqa: S506
    return loaded


def test_they_have_the_names_of_the_runbook_and_begin_when_it_says(written: Path) -> None:
    found = {name: read(written, name) for name in (STAGING, PRODUCTION, ROLLBACK)}

    assert [one["name"] for one in found.values()] == [
        "Staging Environment Deployment",
        "Production Deployment (Tag-Based)",
        "Production Rollback",
    ]
    assert found[STAGING]["on"] == {"push": {"branches": ["staging"]}}
    assert found[PRODUCTION]["on"] == {"push": {"tags": ["v*", "!*-rollback*"]}}
    assert found[ROLLBACK]["on"]["workflow_dispatch"]["inputs"]["tag"]["required"] == "true"


def test_branches_tags_and_the_product_are_those_of_the_policy(tmp_path: Path) -> None:
    other = POLICY.replace("branch: staging", "branch: next/one").replace("from: staging", 'from: staging, tags: "v2*"')
    (tmp_path / "gate.yaml").write_text(other)
    write(tmp_path, *PIN, "--runs-on", "self-hosted")

    assert read(tmp_path, STAGING)["on"]["push"]["branches"] == ["next/one"]
    assert read(tmp_path, PRODUCTION)["on"]["push"]["tags"][0] == "v2*"
    assert "of shop to staging" in place(tmp_path, STAGING).read_text()
    assert [job["runs-on"] for job in read(tmp_path, STAGING)["jobs"].values()] == ["self-hosted"]


def test_actionlint_finds_nothing_to_say(written: Path) -> None:
    linter = Path(sys.executable).with_name("actionlint")
    files = [str(place(written, name)) for name in (STAGING, PRODUCTION, ROLLBACK)]

    said = subprocess.run([linter, "-no-color", *files], capture_output=True, text=True)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")

    spoilt = place(written, ROLLBACK)
    spoilt.write_text(spoilt.read_text().replace('-- "$TAG"', '-- "${{ github.event.head_commit.message }}"'))
    found = subprocess.run([linter, "-no-color", *files], capture_output=True, text=True)
    assert (found.returncode, "potentially untrusted" in found.stdout) == (1, True)


def test_they_may_do_nothing_at_github_use_no_foreign_action_and_put_nothing_into_scripts(written: Path) -> None:
    for name in (STAGING, PRODUCTION, ROLLBACK):
        found = read(written, name)
        assert found["permissions"] == {} and found["concurrency"]["group"]
        steps = [step for job in found["jobs"].values() for step in job["steps"]]
        assert not any("uses" in step for step in steps)
        assert not any("${{" in step["run"] for step in steps)
        assert all(job["timeout-minutes"] for job in found["jobs"].values())


def test_what_was_said_once_is_remembered_and_an_own_file_is_written_anew(written: Path) -> None:
    assert write(written, "--check").exit_code == 0
    (written / "gate.yaml").write_text(POLICY.replace("branch: staging", "branch: next"))

    shown = write(written, "--check")
    assert shown.exit_code == 1
    assert '-    branches: ["staging"]\n+    branches: ["next"]\n' in shown.output
    assert read(written, STAGING)["on"]["push"]["branches"] == ["staging"], "--check writes nothing"

    assert write(written).exit_code == 0
    assert read(written, STAGING)["on"]["push"]["branches"] == ["next"]
    assert PIN[1] in place(written, STAGING).read_text()
    assert write(written, "--commit", "f" * 40).exit_code == 0
    assert "f" * 40 in place(written, ROLLBACK).read_text()


def test_what_a_person_has_changed_is_written_over_by_force_only(written: Path) -> None:
    mine = place(written, STAGING)
    mine.write_text(mine.read_text().replace("timeout-minutes: 60", "timeout-minutes: 5"))
    kept = mine.read_text()

    left = write(written)
    assert left.exit_code == 1
    assert "was changed by hand, and is left alone; --force writes over it" in left.output
    assert "-    timeout-minutes: 5\n+    timeout-minutes: 60\n" in left.output
    assert mine.read_text() == kept

    told = {Path(one["file"]).stem: one for one in json.loads(write(written, "--check", "--json").output)}
    assert (told[STAGING]["state"], told[PRODUCTION]["state"]) == ("changed", "same")

    assert write(written, "--force").exit_code == 0
    assert "timeout-minutes: 60" in mine.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--source", "https://github.com/zebra/staging-gate", "--commit", "v1"), "Name it in full: --commit SHA"),
        (("--source", "-x", "--commit", "0" * 40), "Name its git repository: --source"),
    ],
)
def test_what_is_not_pinned_is_asked_for(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "gate.yaml").write_text(POLICY)
    refused = write(tmp_path, *options)
    assert (refused.exit_code, said in refused.output) == (2, True)
    assert not (tmp_path / ".github").exists()


def test_a_policy_is_needed_and_a_broken_one_is_told(tmp_path: Path) -> None:
    assert "`gate init` writes one" in write(tmp_path, *PIN).output
    (tmp_path / "gate.yaml").write_text("product: 7\n")
    refused = write(tmp_path, *PIN)
    assert (refused.exit_code, "gate.yaml:1:10: product: " in refused.output) == (2, True)


# -- Their scripts, as a machine of GitHub would run them, against a server ---------------------------------------


@dataclass(frozen=True)
class Runner:
    """A machine of GitHub's with the files of a repository, and a server that it reaches."""

    served: Served
    folder: Path

    def gate(self, *words: str, by: str = "") -> Any:
        """A person's own command line; its JSON."""
        token = self.served.token_of(by) if by else self.served.token
        known = {"GATE_SERVER": self.served.address, "GATE_TOKEN": token}
        done = CliRunner().invoke(gate, [*words, "--json"], env=known)
        assert done.exit_code in (0, 1), done.output
        return json.loads(done.output)

    def run(self, name: str, by: str, **given: str) -> subprocess.CompletedProcess[str]:
        """The steps one after the other until one fails. `given` is what GitHub sets, and the inputs."""
        temp = self.folder / "runner"
        temp.mkdir(exist_ok=True)
        steps = [step for job in read(self.folder, name)["jobs"].values() for step in job["steps"]]
        for step in steps:
            environ = {**step["env"], **given, "GATE_SERVER": self.served.address, "RUNNER_TEMP": str(temp)}
            environ |= {"GATE_TOKEN": self.served.token_of(by), "PATH": os.environ["PATH"], "HOME": str(temp)}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                env=environ,
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=120,
            )
            if done.returncode:
                break
        return done

    def commit(self, fault: str = "", start: str = "") -> str:
        return self.served.commit("staging", {"fault.txt": fault}, f"feat: {fault or 'all is well'}", start)


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("github")
    policy = FLOW % (free_port(), free_port())
    (folder / "gate.yaml").write_text(policy)
    ours = a_checkout_of_the_product(folder / "staging-gate.git")
    assert write(folder, "--source", f"file://{folder}/staging-gate.git", "--commit", ours).exit_code == 0
    with stopped_at_the_end() as state, running_server(state) as served:
        service = (PRODUCT / "service.py").read_text()
        served.commit("main", {"gate.yaml": policy, "service.py": service, "fault.txt": ""}, "feat: the first")
        runner = Runner(served, folder)
        runner.commit(start="main")
        yield runner


@contextmanager
def stopped_at_the_end() -> Iterator[Path]:
    """A folder for a state. Services may run as another user, who can not enter pytest's own folders."""
    with TemporaryDirectory(prefix="staging-gate-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        try:
            yield Path(folder)
        finally:
            stop_everything(Settings(Path(folder)))


def a_checkout_of_the_product(place: Path) -> str:
    """A repository whose `gate` is ours, in the environment that the tests run in."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", place], check=True)
    source = Path(__file__).parents[2] / "src"
    launcher = f'#!/bin/sh\nPYTHONPATH="{source}" exec "{sys.executable}" -P -m staging_gate "$@"\n'
    built = place.with_name("build")
    built.mkdir()
    (built / "gate").write_text(launcher)
    (built / "gate").chmod(0o755)
    git = ["git", "-C", str(built), "-c", "user.name=ada", "-c", "user.email=ada@tiny.example"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "gate"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "launcher"], check=True)
    subprocess.run([*git, "push", "--quiet", str(place), "main"], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def released(runner: Runner, tag: str) -> None:
    number = runner.gate("release", "open", "--tag", tag, by="ada")["change"]
    runner.gate("change", "merge", str(number), by="dana")
    runner.gate("release", "publish", tag, by="dana")


def test_staging_is_followed_to_its_end_by_who_may_only_look(github: Runner) -> None:
    commit = github.commit()
    github.gate("redeploy", "staging", by="dana")

    done = github.run(STAGING, "viola", GITHUB_SHA=commit)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "staging-1" in done.stdout and "succeeded" in done.stdout and "switch" in done.stdout

    broken = github.commit("crash")
    github.gate("redeploy", "staging", by="dana")
    done = github.run(STAGING, "viola", GITHUB_SHA=broken)
    assert done.returncode == 1
    assert "KeyError: 'ARCHIVE_FOLDER'" in done.stdout, "what went wrong is in the log of the workflow"


def test_releases_are_followed_and_taken_back(github: Runner) -> None:
    for tag in ("v1.0.0", "v1.1.0"):
        github.commit(fault=f" \n{'' if tag == 'v1.0.0' else ' '}")
        github.gate("redeploy", "staging", "--wait", by="dana")
        released(github, tag)
        done = github.run(PRODUCTION, "viola", GITHUB_REF_NAME=tag)
        assert (done.returncode, tag in done.stdout, "succeeded" in done.stdout) == (0, True, True), done.stdout

    back = github.run(ROLLBACK, "dana", TAG="v1.0.0", REASON="prices are wrong", GITHUB_ACTOR="maya")
    assert (back.returncode, "prices are wrong (maya, in GitHub Actions)" in back.stdout) == (0, True), back.stdout
    assert github.gate("deployment", "list", "--environment", "production")[0]["release"] == "v1.0.0"

    nowhere = github.run(ROLLBACK, "dana", TAG="v9.9.9", REASON="x", GITHUB_ACTOR="maya")
    assert (nowhere.returncode, "v9.9.9 was never verified in production" in nowhere.stderr) == (3, True)
    refused = github.run(ROLLBACK, "viola", TAG="v1.0.0", REASON="x", GITHUB_ACTOR="maya")
    assert refused.returncode == 3


@pytest.mark.parametrize("tag", ['v1"; touch "$RUNNER_TEMP/gotcha"; "', "$(touch $RUNNER_TEMP/gotcha)", "--help"])
def test_a_tag_is_never_a_command(github: Runner, tag: str) -> None:
    done = github.run(ROLLBACK, "dana", TAG=tag, REASON=tag, GITHUB_ACTOR="mallory")
    assert done.returncode == 3
    assert not (github.folder / "runner" / "gotcha").exists()


def test_what_never_begins_is_said(github: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"GATE_SERVER": github.served.address, "GATE_TOKEN": github.served.token}
    follow: Callable[..., Result] = lambda *words: CliRunner().invoke(gate, ["deployment", "follow", *words], env=known)  # noqa: E731

    never = follow("--release", "v7.0.0", "--within", "0s")
    assert never.exit_code == 1
    said = "No deployment of v7.0.0 to production was asked for in 0s. `gate explain v7.0.0` says what it waits for."
    assert said in never.output
    assert "`gate status` shows what goes on." in follow("--commit", "0" * 40, "--within", "1s").output
    assert follow("staging-1", "--release", "v7.0.0").exit_code == follow().exit_code == 2
