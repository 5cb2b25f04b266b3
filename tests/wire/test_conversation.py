"""A program that is asked one thing after the other."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from staging_gate.ports.errors import Stopped, Unavailable
from staging_gate.wire.conversation import Ended, TimeIsUp, conversation

ECHO = """
import sys
for line in sys.stdin:
    print("heard", file=sys.stderr, flush=True)
    print(line, flush=True, end="")
"""


def ask(program: str, question: object, within: float = 20.0, cancelled: Callable[[], bool] = lambda: False) -> object:
    said: list[str] = []
    argv = [sys.executable, "-c", program]
    with conversation(argv, environ={}, cwd=Path("/"), output=said.append, cancelled=cancelled) as talk:
        answers = [talk.ask(question, within), talk.ask(question, within)]
    assert talk.process.returncode is not None
    return answers


def test_it_answers_one_question_after_the_other() -> None:
    assert ask(ECHO, ["up", 1]) == [["up", 1], ["up", 1]]


def test_one_that_ends_is_heard_to_its_last_words() -> None:
    with pytest.raises(Ended, match="no such table"):
        ask("import sys; sys.stdin.readline(); sys.exit('no such table')", "up")


def test_one_that_says_nothing_has_only_so_long() -> None:
    with pytest.raises(TimeIsUp):
        ask("import sys; sys.stdin.read()", "up", within=0.1)


def test_one_that_nobody_waits_for_is_stopped() -> None:
    with pytest.raises(Stopped, match="It was cancelled"):
        ask("import sys; sys.stdin.read()", "up", cancelled=lambda: True)


def test_one_that_is_not_there() -> None:
    with (
        pytest.raises(Unavailable, match="/nowhere/tool can not be started: No such file or directory"),
        conversation(["/nowhere/tool"], environ={}, cwd=Path("/"), output=print),
    ):
        pass
