"""Making a repository, and what git says when it goes wrong."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from staging_gate.adapters.git import GitCodeHost, check_installed
from staging_gate.adapters.git.program import Git
from staging_gate.ports.errors import Refused, Unavailable
from tests.adapters.git.repositories import ENVIRON, commit, git


def test_a_new_repository_is_bare_and_ready(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down.git"

    GitCodeHost.create(path)

    assert git(path, "rev-parse", "--is-bare-repository") == "true"
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(path, "config", "http.receivepack") == "true"
    assert git(path, "config", "transfer.fsckObjects") == "true"
    assert stat.S_IMODE((path / "hooks" / "pre-receive").stat().st_mode) == 0o755


def test_making_it_again_keeps_all_and_repairs_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "r.git"
    GitCodeHost.create(path)
    made = commit(path, "main", {"a": "1"})
    git(path, "config", "http.receivepack", "false")
    git(path, "config", "receive.fsck.zeroPaddedFilemode", "ignore")
    (path / "hooks" / "pre-receive").write_text("#!/bin/sh\n")

    host = GitCodeHost.create(path)

    assert host.branches() == {"main": made}
    assert git(path, "config", "http.receivepack") == "true"
    assert git(path, "config", "receive.fsck.zeroPaddedFilemode") == "ignore"
    assert "hook.py" in (path / "hooks" / "pre-receive").read_text()


@pytest.mark.parametrize("occupy", [lambda path: path.write_text("x"), lambda path: (path / "x").mkdir(parents=True)])
def test_a_place_that_is_taken_is_refused(tmp_path: Path, occupy: Callable[[Path], object]) -> None:
    path = tmp_path / "taken"
    occupy(path)

    with pytest.raises(Refused, match="is not an empty folder and not a bare git repository.*Choose another path"):
        GitCodeHost.create(path)


def test_this_accounts_own_git_configuration_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\nname = Somebody\n[core\n this is broken")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")

    host = GitCodeHost.create(tmp_path / "r.git")

    assert host.branches() == {}


def fake_git(folder: Path, script: str) -> None:
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_an_old_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, "echo git version 2.34.1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(Refused) as raised:
        check_installed()

    assert raised.value.message == (
        "This machine's git is too old: found git version 2.34.1, expected 2.38 or newer. Install a newer git."
    )


def test_a_git_that_can_not_serve_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, f'[ "$1" = version ] && echo git version 2.50.0 || echo {tmp_path}')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(Refused, match="can not serve a repository: .*/git-http-backend is missing. Install the whole"):
        check_installed()


def test_the_version_of_this_machines_git() -> None:
    assert check_installed() in git(Path("/"), "version")


@pytest.mark.parametrize(
    ("said", "kind", "sentence"),
    [
        (
            "fatal: sha1 file '...' write error. Out of diskspace\nerror: No space left on device",
            Unavailable,
            "The disk with the repository /srv/r.git is full. Make room and try again.",
        ),
        (
            "fatal: Unable to create '/srv/r.git/refs/heads/main.lock': File exists.",
            Unavailable,
            "The repository /srv/r.git is locked by another git program. If none is running, one was killed in the "
            "middle: delete the .lock file that git names and try again.",
        ),
        (
            "error: insufficient permission for adding an object to repository database ./objects",
            Refused,
            "The repository /srv/r.git can not be written. Give its folder to the user that Staging Gate runs as.",
        ),
        ("fatal: something else", Unavailable, "`git log` ended with 128 in /srv/r.git."),
    ],
)
def test_what_git_says_becomes_an_error_with_its_remedy(said: str, kind: type[Exception], sentence: str) -> None:
    failure = Git(Path("/srv/r.git")).failure("log", 128, said.encode())

    assert isinstance(failure, kind)
    assert failure.message == sentence
    assert failure.evidence == said


def test_a_left_over_lock_is_named(host: GitCodeHost) -> None:
    made = commit(host.path, "main", {"a": "1"})
    lock = host.path / "refs" / "heads" / "staging.lock"
    lock.touch()

    with pytest.raises(Unavailable, match="delete the .lock file that git names") as raised:
        host.create_branch("staging", made)

    assert str(lock) in raised.value.evidence
    assert "staging" not in host.branches()


def test_replaced_objects_are_not_believed(host: GitCodeHost) -> None:
    good = commit(host.path, "main", {"a": "good"})
    bad = commit(host.path, "bad", {"a": "bad"})
    git(host.path, "replace", good, bad)

    assert git(host.path, "show", f"{good}:a") == "bad"
    assert host.file(good, "a") == b"good"
    assert [one.id for one in host.commits(None, good)] == [good]
    assert "GIT_NO_REPLACE_OBJECTS" not in ENVIRON
