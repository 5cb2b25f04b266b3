"""A decision of the gate, with the reasons why it is closed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from staging_gate.domain.bypass import Bypass


class Action(StrEnum):
    """What somebody wants to do. A gate is asked about an action of an actor, never about a clock alone.

    PROVE is to try a hotfix in staging, before it is on any branch that staging follows.
    PROMOTE is to merge a release's change: what staging proved goes to production's branch.
    The two WHEN_READY are to ask for what is done by itself later, as soon as the gate is open for it.
    MAINTAIN is to announce, change or cancel a maintenance.
    TAKE_PART stands for all that needs no more than to be one of us: labels, rechecks, words, incidents.
    """

    OPEN_CHANGE = "open_change"
    APPROVE = "approve"
    PROVE = "prove"
    MERGE = "merge"
    MERGE_WHEN_READY = "merge_when_ready"
    PROMOTE = "promote"
    BYPASS = "bypass"
    TAKE_PART = "take_part"
    WITHDRAW = "withdraw"
    EDIT = "edit"
    PUBLISH = "publish"
    ANNOUNCE = "announce"
    MAINTAIN = "maintain"
    PUBLISH_WHEN_READY = "publish_when_ready"
    DEPLOY = "deploy"
    CANCEL = "cancel"
    ROLL_BACK = "roll_back"
    HOLD = "hold"
    LIFT = "lift"
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
class Passed:
    """A reason that would have closed the gate, and the bypass that lets it be passed."""

    reason: Reason
    bypass: Bypass


@dataclass(frozen=True)
class Caution:
    """What somebody should know before acting. It closes nothing; `advice` is what would be better."""

    code: str
    sentence: str
    advice: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """Open without reasons. All reasons are given at once, the cheapest to check first.

    `bypassed` are those that a bypass passes: whoever acts on the decision uses it up. `warnings` close nothing.
    """

    action: Action
    subject: str
    actor: str
    at: datetime
    reasons: tuple[Reason, ...] = ()
    bypassed: tuple[Passed, ...] = ()
    warnings: tuple[Caution, ...] = ()

    @property
    def open(self) -> bool:
        return not self.reasons

    @property
    def until(self) -> datetime | None:
        """When a closed gate opens by itself; None where a person has to act first."""
        untils = [reason.until for reason in self.reasons if reason.until is not None]
        return max(untils) if untils and len(untils) == len(self.reasons) else None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)
