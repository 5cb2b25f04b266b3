"""What closes the gate for the sake of the database, on the way to production and back."""

from collections.abc import Mapping
from dataclasses import replace

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.gate import Action, Facts
from staging_gate.domain.going_back import NO_WISH, Consent, Wish
from staging_gate.domain.policy import Policy, RollbackRules
from staging_gate.domain.way_back import Loss, WayBack, WayBackVerdict
from tests.domain.nouns import BACK, EARLIER, LIVE, POLICY, PROMOTED, PUBLISHABLE, TESS, WAY

Given = tuple[Action, Facts, Actor, Policy]

NOTES, TABLE = Loss("column orders.note", 1200), Loss("table drafts")
TRIED = ("v1.0.0 was started on the database as v1.1.0 leaves it: login answered 500",)


def way(verdict: WayBackVerdict, *losses: Loss) -> WayBack:
    return replace(WAY, verdict=verdict, losses=losses, evidence=TRIED)


UNKNOWN, IRREVERSIBLE = way(WayBackVerdict.UNKNOWN), way(WayBackVerdict.IRREVERSIBLE)
LOSSLESS, LOSSY = way(WayBackVerdict.REVERSIBLE), way(WayBackVerdict.REVERSIBLE, NOTES, TABLE)


def agreed(consent: Consent) -> Policy:
    return replace(POLICY, production=replace(POLICY.production, rollback=RollbackRules(consent)))


def promoting(found: WayBack | None) -> Given:
    release = replace(PROMOTED, goes_back_to=EARLIER, way_back=found)
    return Action.PUBLISH, replace(PUBLISHABLE, release=release), TESS, POLICY


def going_back(
    found: WayBack | None, wish: Wish = NO_WISH, by: Actor = TESS, policy: Policy = POLICY, **over: object
) -> Given:
    known = replace(BACK, way_back=found, intent_wish=wish, **over)  # type: ignore[arg-type]
    return Action.ROLL_BACK, known, by, policy


SWITCH_ONLY, ACCEPTS = Wish(switch_only=True), Wish(accept_data_loss=True)

OPEN: Mapping[str, Given] = {
    "a release that can be taken back": promoting(WAY),
    "a release that can be taken back with a downgrade": promoting(LOSSY),
    "a rollback with a downgrade that loses nothing": going_back(LOSSLESS),
    "a rollback whose losses are accepted": going_back(LOSSY, ACCEPTS),
    "the traffic alone, though that is known to fail": going_back(IRREVERSIBLE, SWITCH_ONLY),
    "the traffic alone, though nothing is known": going_back(None, SWITCH_ONLY),
    "a downgrade, though nothing is known": going_back(None, ACCEPTS),
    "a downgrade by the system that loses nothing": going_back(LOSSLESS, by=SYSTEM),
    "a downgrade by the system that gate.yaml agrees to": going_back(LOSSY, by=SYSTEM, policy=agreed(Consent.ALWAYS)),
}

CLOSED: Mapping[str, Given] = {
    "a way back that nobody has proved": promoting(None),
    "a way back that could not be found out": promoting(UNKNOWN),
    "a release that can not be taken back": promoting(IRREVERSIBLE),
    "a rollback that loses data": going_back(LOSSY),
    "a rollback to what does not work any more": going_back(IRREVERSIBLE),
    "a rollback that no accepted loss makes possible": going_back(IRREVERSIBLE, ACCEPTS),
    "a rollback of which nothing is known": going_back(None),
    "a rollback that could not be tried": going_back(UNKNOWN),
    "a rollback by the system of which nothing is known": going_back(None, by=SYSTEM),
    "a rollback by the system that loses data": going_back(LOSSY, by=SYSTEM),
    "a downgrade by the system that gate.yaml keeps for people": going_back(
        LOSSLESS, by=SYSTEM, policy=agreed(Consent.NEVER)
    ),
    "a rollback past a failed release that has migrated": going_back(
        LOSSY, database=replace(LIVE, id="production-3", release="v1.2.0")
    ),
}
