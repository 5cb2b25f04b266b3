"""The git process that is kept open."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.git.code_host import LARGEST_FILE
from staging_gate.ports.errors import Refused, Unavailable
from tests.adapters.git.repositories import commit, git


def lookup_process(host: GitCodeHost) -> int:
    found = [child for child in psutil.Process().children() if str(host.path) in " ".join(child.cmdline())]
    (process,) = [child for child in found if "cat-file" in child.cmdline()]
    return process.pid


def test_it_is_started_again_when_it_was_killed(host: GitCodeHost) -> None:
    made = commit(host.path, "main", {"a": "1"})
    host.revision("main")
    first = lookup_process(host)

    os.kill(first, signal.SIGKILL)

    found = host.revision("main")
    assert found
    assert found.commit == made
    assert lookup_process(host) != first


def test_one_process_answers_many_threads(host: GitCodeHost) -> None:
    names = [f"feature/{number}" for number in range(8)]
    heads = {name: commit(host.path, name, {"a": name * 1000}) for name in names}

    def look(name: str) -> bool:
        revision = host.revision(name)
        assert revision
        return revision.commit == heads[name] and host.file(name, "a") == (name * 1000).encode()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, names * 50))


def test_it_sees_what_others_write(host: GitCodeHost) -> None:
    assert host.revision("main") is None

    first = commit(host.path, "main", {"a": "1"})
    assert host.branches() == {"main": first}
    second = commit(host.path, "main", {"a": "2"})
    git(host.path, "gc", "--quiet")

    found = host.revision("main")
    assert found
    assert found.commit == second
    assert host.file(first, "a") == b"1"


def test_closing_ends_the_process_and_the_next_question_starts_it(host: GitCodeHost) -> None:
    commit(host.path, "main", {"a": "1"})
    host.revision("main")
    process = psutil.Process(lookup_process(host))

    host.close()

    assert not process.is_running()
    assert host.revision("main")


def test_a_huge_file_is_refused(host: GitCodeHost) -> None:
    made = commit(host.path, "main", {"gate.yaml": "x" * (LARGEST_FILE + 1)})

    with pytest.raises(Refused, match=r":gate.yaml has 16,777,217 bytes; at most 16,777,216 are read"):
        host.file(made, "gate.yaml")


def test_the_beginning_of_an_id_is_enough_where_it_is_clear(host: GitCodeHost) -> None:
    made = commit(host.path, "main", {"a": "1"})

    found = host.revision(made[:8])

    assert found
    assert found.commit == made


def test_a_repository_that_is_gone_is_named(tmp_path: Path) -> None:
    host = GitCodeHost(tmp_path / "gone.git")

    for ask in (lambda: host.revision("main"), host.branches):
        with pytest.raises(Refused, match="There is no git repository at .*gone.git. Check the path in the settings"):
            ask()


def test_without_git_it_says_so(host: GitCodeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(Unavailable, match="The program git is not installed"):
        host.revision("main")
    with pytest.raises(Unavailable, match="The program git is not installed"):
        host.branches()
