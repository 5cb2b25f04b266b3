"""What a rollback does about the database, by what is known of the way back: pure, and the only place that says it."""

from dataclasses import dataclass
from enum import StrEnum

from staging_gate.domain.way_back import WayBack, WayBackVerdict


class Course(StrEnum):
    """switch: the traffic goes back, the database stays. downgrade: the database goes back first. stay: neither does,
    a person has to choose."""

    SWITCH = "switch"
    DOWNGRADE = "downgrade"
    STAY = "stay"


class Consent(StrEnum):
    """When a downgrade may be part of a rollback that nobody ordered."""

    NEVER = "never"
    WITHOUT_LOSS = "without_loss"
    ALWAYS = "always"


@dataclass(frozen=True)
class Wish:
    """What a person says besides: the traffic alone, at the own risk; or go on whatever a downgrade throws away."""

    switch_only: bool = False
    accept_data_loss: bool = False


NO_WISH = Wish()


def course_for_a_person(way: WayBack | None, wish: Wish) -> Course:
    """Without a proof nothing is chosen for them: hours after a release, nobody has seen the one before on this
    database, and what they go on with, they have been told."""
    if wish.switch_only:
        return Course.SWITCH
    if way is None or way.verdict is WayBackVerdict.UNKNOWN:
        return Course.DOWNGRADE if wish.accept_data_loss else Course.STAY
    if way.verdict is WayBackVerdict.REVERSIBLE and way.losses:
        return Course.DOWNGRADE if wish.accept_data_loss else Course.STAY
    return _proved(way)


def course_by_itself(way: WayBack | None, consent: Consent) -> Course:
    """For a release that failed in front of everybody a moment ago, whose predecessor is put back.

    Where nothing is known the traffic goes back and the database stays: what comes back has run on this very database
    until that moment, what is there now is known to be bad, and a switch throws nothing away.
    """
    if way is None or way.verdict is WayBackVerdict.UNKNOWN:
        return Course.SWITCH
    if way.verdict is WayBackVerdict.REVERSIBLE:
        agreed = consent is Consent.ALWAYS or (consent is Consent.WITHOUT_LOSS and not way.losses)
        return Course.DOWNGRADE if agreed else Course.STAY
    return _proved(way)


def _proved(way: WayBack) -> Course:
    return {
        WayBackVerdict.COMPATIBLE: Course.SWITCH,
        WayBackVerdict.REVERSIBLE: Course.DOWNGRADE,
        WayBackVerdict.IRREVERSIBLE: Course.STAY,
        WayBackVerdict.UNKNOWN: Course.STAY,
    }[way.verdict]


def lost(way: WayBack) -> str:
    """What the downgrade throws away, in words."""
    each = [loss.what if loss.rows is None else f"{loss.what} ({_rows(loss.rows)})" for loss in way.losses]
    return f"{', '.join(each[:-1])} and {each[-1]}" if len(each) > 1 else "".join(each)


def _rows(number: int) -> str:
    """They were counted where it was tried; production has others."""
    return f"{number:,} {'row' if number == 1 else 'rows'} of the clone"
