"""A copy of a program that other accounts can execute."""

import subprocess
from pathlib import Path
from threading import Event, Thread

import pytest

from staging_gate.adapters.local.tools import open_to_all
from staging_gate.ports.errors import Unavailable

TRUE = Path("/bin/true").resolve()


def test_the_copy_is_taken_as_it_is_until_the_program_changes(tmp_path: Path) -> None:
    first = open_to_all(TRUE, tmp_path / "tools")
    assert first.stat().st_mode & 0o777 == 0o755
    assert open_to_all(TRUE, tmp_path / "tools").stat().st_ino == first.stat().st_ino


def test_it_can_be_executed_at_once_whatever_other_threads_start(tmp_path: Path) -> None:
    """A child that is just being started elsewhere must not hold the copy open for writing."""
    program = tmp_path / "big"
    program.write_bytes(TRUE.read_bytes() + b"\\0" * 40_000_000)
    program.chmod(0o755)
    enough = Event()

    def start_others() -> None:
        while not enough.is_set():
            # A preexec_fn forks this process the slow way, as a start as another account does.
            subprocess.run([TRUE], check=True, preexec_fn=lambda: None)  # noqa: PLW1509

    others = [Thread(target=start_others) for _ in range(4)]
    for other in others:
        other.start()
    try:
        for number in range(10):
            subprocess.run([open_to_all(program, tmp_path / str(number))], check=True)
    finally:
        enough.set()
        for other in others:
            other.join()


def test_a_copy_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    with pytest.raises(Unavailable, match="can not be copied to"):
        open_to_all(tmp_path / "tool", tmp_path / "tools")
