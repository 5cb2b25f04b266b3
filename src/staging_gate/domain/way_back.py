"""Whether production can go back to what it runs once it has what staging proved: its database too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WayBackVerdict(StrEnum):
    """compatible: the release before works on the new schema. reversible: it does after a downgrade. irreversible:
    neither. unknown: it could not be found out."""

    COMPATIBLE = "compatible"
    REVERSIBLE = "reversible"
    IRREVERSIBLE = "irreversible"
    UNKNOWN = "unknown"


class TriedOn(StrEnum):
    """Which database the release before is tried on, in this order. upgraded: as production's is once it has the new
    release. downgraded: the same, taken back by the new release's own downgrades. own: one that it made itself, to see
    whether it works at all where we try it."""

    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    OWN = "own"


@dataclass(frozen=True)
class Loss:
    """What a downgrade throws away: `what` reads `table note` or `column note.text`, `rows` is how many hold something
    in it on the clone (None: nobody can tell)."""

    what: str
    rows: int | None = None


@dataclass(frozen=True)
class Try:
    """`works`: all services were healthy and passed their smoke tests; None where that could not be found out."""

    on: TriedOn
    works: bool | None
    evidence: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class WayBack:
    """The way from one tree back to another, as it was tried on clones; a proof belongs to this pair of trees.

    `losses` are those of the downgrade (none where none is needed), `evidence` sentences on what was tried, in order.
    `deployment` is the one after which it was tried, `log` refers to the output.
    """

    from_tree: str
    to_tree: str
    verdict: WayBackVerdict
    at: datetime
    deployment: str
    evidence: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    seconds: float | None = None
    log: str | None = None


def verdict_of(tries: Sequence[Try]) -> WayBackVerdict:
    """What tries in the order of `TriedOn` say together, up to the first that works or can not be found out.

    A release that does not work on a database of its own either proves nothing about the others.
    """
    last = tries[-1] if tries else None
    if last is None or last.works is None:
        return WayBackVerdict.UNKNOWN
    if last.on is TriedOn.OWN:
        return WayBackVerdict.IRREVERSIBLE if last.works else WayBackVerdict.UNKNOWN
    if not last.works:
        return WayBackVerdict.UNKNOWN
    return WayBackVerdict.COMPATIBLE if last.on is TriedOn.UPGRADED else WayBackVerdict.REVERSIBLE
