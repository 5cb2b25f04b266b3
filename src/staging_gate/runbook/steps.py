"""What setting something up at the code host would change, to be shown before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    what: str
    now: str
    then: str


@dataclass(frozen=True)
class Step:
    """`kind` is create, change, remove or leave; `differences` are the fields that it changes, all of a new one."""

    kind: str
    name: str
    differences: tuple[Difference, ...] = ()


def compared(name: str, now: Mapping[str, str] | None, then: Mapping[str, str]) -> Step:
    """From what is there, None for nothing, to what is wanted, field by field."""
    was = now or {}
    changed = tuple(
        Difference(what, was.get(what, ""), then.get(what, ""))
        for what in dict.fromkeys([*then, *was])
        if was.get(what) != then.get(what)
    )
    return Step("create" if now is None else "change" if changed else "leave", name, changed)
