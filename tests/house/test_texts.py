"""The repository names no machine that it was written on, and no place that packages come from."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.house.sources import ROOT

# A letter in brackets keeps this file from holding what it looks for.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.$}\"'])/(?:w[o]rk|r[o]ot)/\w",
    "a package registry": r"py[p]i\.(?:org|python)|python[h]osted\.org|registry\.np[m]js|deb\.[d]ebian\.org",
    "a key or token": r"gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-\d{6,}|-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\w+/=]{20}",
}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def forbidden_in(text: str) -> list[tuple[int, str]]:
    """Line and kind of everything that may not be there."""
    return [
        (text.count("\n", 0, match.start()) + 1, kind)
        for kind, pattern in FORBIDDEN.items()
        for match in re.finditer(pattern, text)
    ]


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}: {kind}"
        for file in tracked_files()
        for line, kind in forbidden_in(file.read_text(errors="replace"))
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("cd /", "work/main"), "a path of one machine"),
        (("HOME=/", "root/x"), "a path of one machine"),
        (("--index-url https://py", "pi.org/simple"), "a package registry"),
        (("gh", "p_" + "a" * 36), "a key or token"),
    ],
)
def test_a_planted_word_is_found(words: tuple[str, str], kind: str) -> None:
    assert forbidden_in("\n" + "".join(words)) == [(2, kind)]
