"""What is said about ways back, by example: see test_messages.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from staging_gate.domain.delivery import Lag
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Facts
from staging_gate.domain.going_back import Course
from staging_gate.domain.way_back import Loss, WayBack, WayBackVerdict
from staging_gate.messages import going_back, hooks, way_back_proofs
from tests.domain.nouns import AT, EARLIER, LIVE

TRIED = ("v1.0.0 does not work on the upgraded database.",)
NOTE, DRAFT = Loss("column orders.note", 12), Loss("table draft")
COMPATIBLE = WayBack("d" * 40, "c" * 40, WayBackVerdict.COMPATIBLE, AT, "staging-12")
REVERSIBLE = replace(COMPATIBLE, verdict=WayBackVerdict.REVERSIBLE, evidence=TRIED)
LOSES = replace(REVERSIBLE, losses=(NOTE, DRAFT))
IRREVERSIBLE = replace(REVERSIBLE, verdict=WayBackVerdict.IRREVERSIBLE)
UNKNOWN = replace(REVERSIBLE, verdict=WayBackVerdict.UNKNOWN)
EVERY = (COMPATIBLE, REVERSIBLE, LOSES, IRREVERSIBLE, UNKNOWN, None)
BACK = Facts(Environment.PRODUCTION, live=LIVE, rollback_to=EARLIER)

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    going_back.plan: [(replace(BACK, way_back=way),) for way in EVERY] + [(replace(BACK, rollback_to=None),)],
    going_back.about_database: [
        *((Course.SWITCH, way, None) for way in EVERY),
        *((Course.SWITCH, way, "dana") for way in EVERY),
        *((Course.DOWNGRADE, way, wished) for way in (REVERSIBLE, LOSES) for wished in ("dana", None)),
        (Course.DOWNGRADE, UNKNOWN, "dana"),
    ],
    going_back.stays_live: [(LIVE, EARLIER, way) for way in EVERY[1:]],
    going_back.can_not_go_back: [(LIVE, EARLIER)],
    going_back.options: [(LIVE, EARLIER, way) for way in EVERY[1:]],
    going_back.does_not_suit: [(EARLIER, LIVE)],
    going_back.unsuitable: [(EARLIER, LIVE, LOSES, ""), (EARLIER, LIVE, None, "the downgrade failed")],
    way_back_proofs.said: [
        ("v1.1.0", "v1.0.0", COMPATIBLE, False),
        ("v1.1.0", "v1.0.0", LOSES, True),
        ("v1.1.0", "v1.0.0", None, False),
        ("v1.1.0", "v1.0.0", None, True),
    ],
    way_back_proofs.in_short: [(way,) for way in EVERY[:-1]],
    way_back_proofs.nothing_known: [("v1.0.0",)],
    way_back_proofs.nowhere_to: [("v1.0.0",)],
    way_back_proofs.not_found_out: [("There is no Postgres here.",)],
    way_back_proofs.broke: [("the disk is full",)],
    hooks.lag: [
        (Lag("github", None), AT),
        (Lag("github", AT - timedelta(hours=3)), AT),
        (Lag("github", AT, 1, AT - timedelta(seconds=7)), AT),
        (Lag("github", AT - timedelta(minutes=2), 5, AT - timedelta(days=2)), AT),
    ],
}
