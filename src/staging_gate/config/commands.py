"""Commands of a policy: a list of words, or one line that is split as a shell would. No shell ever runs."""

import re
import shlex

from staging_gate.config.kind import Unfit
from staging_gate.config.tree import Plain, shape

_OPERATOR = re.compile(r"[0-9]*(?:\|\|?&?|&&?|;;?|(?:<<?|>>?|<>|>\||&>>?)(?:&[0-9-]*)?)")
_NO_SHELL = "no shell runs it: put it into a script, or write a list of words if that is meant as it stands"


def command(value: object) -> tuple[str, ...]:
    words = tuple(map(_word, value)) if isinstance(value, list) else _split(value)
    if not words or not words[0] or words[0].startswith("-"):
        raise Unfit(instead="no program to run")
    return words


def _word(value: object) -> str:
    if isinstance(value, Plain) and value.kind != "nothing":
        return value.text
    if not isinstance(value, str) or "\0" in value:
        raise Unfit(instead=f"{shape(value)} as one of its words")
    return value


def _split(value: object) -> tuple[str, ...]:
    if not isinstance(value, str) or "\0" in value:
        raise Unfit
    if "\n" in value.strip():
        raise Unfit(_NO_SHELL, "several lines")
    try:
        words = tuple(shlex.split(value))
    except ValueError:
        raise Unfit(instead="a quote or backslash that is never closed") from None
    _refuse_shell(words)
    return words


def _refuse_shell(words: tuple[str, ...]) -> None:
    if words and (variable := re.match(r"[A-Za-z_][A-Za-z0-9_]*(?==)", words[0])):
        raise Unfit("put it under `environ`", f"the variable {variable[0]} before the program")
    for word in words:
        if _OPERATOR.fullmatch(word):
            raise Unfit(_NO_SHELL, f"the shell operator {word}")
