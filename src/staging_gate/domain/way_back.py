"""Whether production can go back to what it runs once it has what staging proved: its database too."""

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


@dataclass(frozen=True)
class Loss:
    """What a downgrade throws away: `what` reads `table note` or `column note.text`, `rows` is how many hold something
    in it on the clone (None: nobody can tell)."""

    what: str
    rows: int | None = None


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
