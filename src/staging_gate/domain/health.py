"""Whether what answers a service's health is well, and what we deployed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judgement:
    """`wrong` is empty for a right answer. `inferred`: it names no revision. `for_good`: no later one can be right."""

    wrong: str = ""
    inferred: bool = False
    for_good: bool = False


def judged(status: int, body: str, wanted: Mapping[str, str], commit: str) -> Judgement:
    """`wanted` is what the JSON of the body must hold, as gate.yaml writes it."""
    said = _fields(body)
    revision = said.get("revision")
    if revision is not None and revision != commit:
        return Judgement(f"its revision is {revision!r}, and {commit} was deployed", for_good=True)
    if status != 200:
        return Judgement(f"it answered {status} instead of 200")
    for name, value in wanted.items():
        if _plain(said.get(name)) != value:
            return Judgement(f"its `{name}` is {_plain(said.get(name))!r} instead of {value!r}")
    return Judgement(inferred=revision is None)


def _fields(body: str) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _plain(value: object) -> str | None:
    """A JSON value as gate.yaml writes it: true, 3, healthy."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
