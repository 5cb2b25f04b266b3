from pathlib import Path

import pytest

from staging_gate.adapters.local.secrets import Hiding, Resolved, missing, resolve
from staging_gate.ports.errors import Refused


def test_references_become_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("first line\nsecond line\n")
    monkeypatch.setenv("TOKEN", "hunter22")

    found = resolve({"PLAIN": "x", "A": "env:TOKEN", "B": f"file:{tmp_path / 'key'}", "URL": "http://env:80"})

    assert found.environ == {"PLAIN": "x", "A": "hunter22", "B": "first line\nsecond line", "URL": "http://env:80"}
    assert found.hide("a hunter22, the second line, x") == "a [redacted], the [redacted], x"
    assert "hunter22" not in str(missing({"A": "env:TOKEN"}))


def test_all_that_is_missing_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.setenv("TOKEN", "hunter22")
    (tmp_path / "empty").touch()

    with pytest.raises(Refused) as refused:
        resolve(
            {
                "A": "env:EMPTY",
                "B": f"file:{tmp_path / 'none'}",
                "C": "file:relative",
                "D": f"file:{tmp_path / 'empty'}",
                "E": "env:TOKEN",
            }
        )

    assert refused.value.message == (
        "A secret is missing. "
        "A is env:EMPTY, but EMPTY is not set where Staging Gate runs: set it and start that again. "
        f"B is file:{tmp_path / 'none'}, but that file can not be read or is empty: write the secret there. "
        "C is file:relative, but a secret's file needs its full path. "
        f"D is file:{tmp_path / 'empty'}, but that file can not be read or is empty: write the secret there."
    )


def test_a_secret_that_comes_in_two_blocks_is_still_hidden() -> None:
    seen: list[str] = []
    output = Hiding(Resolved({}, ("hunter22",)), seen.append)

    for block in ("one\nthe hun", "ter22 is\nand hunt", "er22"):
        output(block)
    output.end()

    assert "".join(seen) == "one\nthe [redacted] is\nand [redacted]"


def test_without_secrets_output_comes_as_it_is() -> None:
    seen: list[str] = []
    output = Hiding(Resolved({}), seen.append)

    output("no newline")

    assert seen == ["no newline"]
