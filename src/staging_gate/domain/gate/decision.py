"""A decision of the gate, with the reasons why it is closed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    """What somebody wants to do. A gate is asked about an action of an actor, never about a clock alone.

    TAKE_PART stands for all that needs no more than to be one of us: labels, rechecks, words, incidents.
    """

    OPEN_CHANGE = "open_change"
    APPROVE = "approve"
    MERGE = "merge"
    TAKE_PART = "take_part"
    WITHDRAW = "withdraw"
    PUBLISH = "publish"
    DEPLOY = "deploy"
    CANCEL = "cancel"
    ROLL_BACK = "roll_back"
    HOLD = "hold"
    RESOLVE = "resolve"


@dataclass(frozen=True)
class Reason:
    """Why the gate is closed. `until` is when it opens by itself, None where a person has to act.

    `opens_when` says what would open it; `bypass` names the roles that may pass it, nobody where it is empty.
    """

    code: str
    sentence: str
    opens_when: str
    evidence: tuple[str, ...] = ()
    until: datetime | None = None
    bypass: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Open without reasons. All reasons are given at once, the cheapest to check first."""

    action: Action
    subject: str
    actor: str
    at: datetime
    reasons: tuple[Reason, ...] = ()

    @property
    def open(self) -> bool:
        return not self.reasons

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)
