from pathlib import Path

import pytest

from staging_gate.adapters.local.logs import CUT, FileLogs
from staging_gate.ports.errors import Refused


@pytest.fixture
def logs(tmp_path: Path) -> FileLogs:
    return FileLogs(tmp_path / "logs")


def test_what_is_appended_is_read_from_any_offset(logs: FileLogs) -> None:
    logs.append("staging-1/build-api", "one\n")
    text, offset = logs.read("staging-1/build-api")
    logs.append("staging-1/build-api", "two\n")

    assert (text, offset) == ("one\n", 4)
    assert logs.read("staging-1/build-api", offset) == ("two\n", 8)
    assert logs.read("staging-1/build-api", 8) == ("", 8)
    assert logs.read("staging-1/build-api", 0, limit=5) == ("one\nt", 5)
    assert logs.tail("staging-1/build-api", 1) == "two"


def test_a_log_that_is_not_there_reads_as_empty(logs: FileLogs) -> None:
    assert logs.read("staging-1/build-api") == ("", 0)
    assert logs.tail("staging-1/build-api") == ""


def test_a_character_is_never_cut(logs: FileLogs) -> None:
    logs.append("a/b", "12345é€😀")

    seen, offset = "", 0
    while (block := logs.read("a/b", offset, limit=6))[0]:
        seen, offset = seen + block[0], block[1]

    assert seen == "12345é€😀"
    assert offset == 14


def test_what_is_no_text_does_not_stop_the_reader(logs: FileLogs) -> None:
    logs.path("a/b").parent.mkdir(parents=True)
    logs.path("a/b").write_bytes(b"\xff\xfeok\n")

    assert logs.read("a/b") == ("\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}ok\n", 5)
    logs.append("a/b", "\ud800")
    assert logs.tail("a/b", 1) == "?"


@pytest.mark.parametrize(
    "ref", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.hidden", "-x", "a b", "a/b\n", "a/b/c/d/e", "a\0b"]
)
def test_names_that_lead_elsewhere_are_refused(logs: FileLogs, ref: str) -> None:
    with pytest.raises(Refused, match="is not the name of a log; names look like `staging-12/build-api`"):
        logs.append(ref, "x")


def test_a_log_does_not_grow_without_end(tmp_path: Path) -> None:
    logs = FileLogs(tmp_path, largest=10)

    for _ in range(5):
        logs.append("a", "123456")

    assert logs.read("a")[0] == "1234561234" + CUT


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way of the folder")

    FileLogs(tmp_path / "logs").append("a", "lost")
