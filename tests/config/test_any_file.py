"""Whatever is in the file: a policy or problems with their places, in little time."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.config import YamlPolicyReader, example_text
from staging_gate.ports.policy import PolicyProblems
from tests.config.policies import SMALL, edited

EXAMPLE = example_text()
SCRAPS = ["'", '"', ":", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!x ", "|", ">", "#", "\t", "\n", "\r", "\n  "]
SCRAPS += [
    "---\n",
    "<<: ",
    "? ",
    "null",
    "~",
    "true",
    "010",
    "16:00",
    "-1",
    "9" * 20,
    "\0",
    "\x85",
    "\ufeff",
    "é",
    "😀",
]
SCRAPS += ["env:", "$PORT", "\\", "%", "@", "`", "..", "staging", "main", "tech_lead", "unit", '"\\u2028": 1', "1e999"]
SCRAPS += [".inf", "0x", "2026-01-01", "a: b\n"]

places = st.floats(0, 1, exclude_max=True)
scraps = st.one_of(st.sampled_from(SCRAPS), st.text(max_size=5))
edits = st.lists(
    st.tuples(st.sampled_from(["insert", "replace", "delete", "move"]), places, places, scraps), max_size=6
)


def mutated(text: str, kind: str, first: float, second: float, scrap: str) -> str:
    """One edit: of characters, or of whole lines."""
    if kind == "move":
        lines = text.splitlines(keepends=True) or [""]
        lines.insert(int(second * len(lines)), lines[int(first * len(lines))])
        return "".join(lines)
    start = int(first * len(text))
    end = {"insert": start, "replace": start + len(scrap), "delete": start + int(second * 40)}[kind]
    return text[:start] + ("" if kind == "delete" else scrap) + text[end:]


def check(source: bytes) -> None:
    try:
        YamlPolicyReader().read(source, "gate.yaml")
    except PolicyProblems as caught:
        lines = re.split("\r\n|\r|\n", source.decode("utf-8", errors="replace"))
        assert caught.problems
        for problem in caught.problems:
            match = re.fullmatch(r"gate\.yaml:(\d+):(\d+): [^\n\r]+", problem)
            assert match, problem
            line, column = int(match[1]), int(match[2])
            assert 1 <= line <= len(lines), problem
            assert 1 <= column <= len(lines[line - 1]) + 1, problem
        assert list(caught.problems) == sorted(caught.problems, key=place), "not in the order of the file"


def place(problem: str) -> tuple[int, int]:
    _, line, column, _ = problem.split(":", 3)
    return int(line), int(column)


@given(st.sampled_from([EXAMPLE, SMALL]), edits)
def test_an_edited_policy_is_read_or_explained(text: str, edits: list[tuple[str, float, float, str]]) -> None:
    for edit in edits:
        text = mutated(text, *edit)
    check(text.encode("utf-8", errors="surrogatepass"))


@given(st.binary(max_size=60), places)
def test_bytes_in_a_policy_are_read_or_explained(scrap: bytes, first: float) -> None:
    at = int(first * len(SMALL))
    check(SMALL[:at].encode() + scrap + SMALL[at:].encode())


def names(prefix: str, count: int) -> str:
    return ", ".join(f"{prefix}{number}: x" for number in range(count))


MADE_TO_COST = {
    "brackets": "[" * 250_000,
    "braces": "{a: " * 60_000,
    "dashes": "- " * 120_000,
    "keys": "".join(f"k{number}: 1\n" for number in range(4_900)),
    "names": f"people: {{{names('p', 1_000)}}}\nroles: {{r: [{names('q', 2_500).replace(': x', 'x')}]}}\n",
    "a long command": edited(("serve --port $PORT", "'" + "a b " * 60_000 + "'")),
    "a long command, many times": "checks:\n  a: {command: &c '"
    + "a b " * 60_000
    + "'}\n"
    + "".join(f"  b{number}: {{command: *c}}\n" for number in range(500)),
    "colons in an address": edited(("MODE: fast", "MODE: '://" + ":" * 200_000 + "'")),
    "a long branch": edited(("branch: main", "branch: " + "a." * 100_000)),
    "many stars": edited(("from: staging", "tags: 'v" + "*" * 200_000 + "'")),
    "digits": edited(("port: 8001", "port: " + "9" * 200_000)),
}


@pytest.mark.parametrize("text", MADE_TO_COST.values(), ids=MADE_TO_COST)
def test_a_file_that_is_made_to_cost_costs_little(text: str) -> None:
    started = time.process_time()
    check(text.encode())

    assert time.process_time() - started < 2
