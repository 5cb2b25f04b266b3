"""Examples of what people are told, for test_messages.py."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import DeploymentKind, DeploymentState
from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.domain.incident import Incident, Severity
from staging_gate.domain.notification import Delivery, Event, Notice, Notification
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages import notifications
from tests.domain.nouns import AT, CHANGE, EARLIER, LIVE, PASS, check

LOST = AuditEntry(7, AT, "staging-gate", "lost", "production-2", "Render can not be reached. Nothing was asked.", {})
HOTFIX = replace(
    CHANGE,
    title="fix: login",
    source="hotfix/login",
    target="main",
    hotfix_reason="nobody can log in",
    reviewers=("tess", "dora"),
)
RELEASE = Release(
    "v1.1.0",
    "Release v1.1.0 - dark mode",
    "## Features\n- dark mode",
    ReleaseState.PUBLISHED,
    7,
    "ada",
    AT,
    published_by="tess",
)
WIDE = replace(RELEASE, notes="dark " * 400)
P0 = Incident(
    3,
    Severity.P0,
    "the rollback did not succeed",
    "staging-gate",
    AT,
    deployment="production-3",
    details="api: login failed",
)
P2 = Incident(4, Severity.P2, "prices are slow", "ada", AT)
BACK = replace(EARLIER, id="production-3", kind=DeploymentKind.ROLLBACK, why="rollback to v1.0.0: it is slow")
STUCK = replace(BACK, state=DeploymentState.ERRORED, failure="the proxy is away")
PAGE = Notice(
    Event.HOTFIX_OPENED, "change 7", "hotfix_opened", "Hotfix, change 7: fix: login", "Why: ...", AT, page=True, id=12
)
TO_ADA = Notification(12, "ada", AT, AT, page=True)
TRIED = replace(TO_ADA, attempts=1, problem="There is no connection to where env:ADA_ALERTS leads.")
AGAIN = replace(TO_ADA, repeat=2, unclear=True)
SEEN = replace(PAGE, acknowledged_at=AT, acknowledged_by="dora")
FOLLOW_UP = FollowUp(3, FollowUpKind.DOCUMENT, "v1.1.1", "Document what happened (v1.1.1)", "ada", AT, AT)
PLACE = "https://gate.example"
SUBJECTS = ("change 7", "v1.1.0", "production-3", "incident 3")

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    notifications.hotfix_opened: [(HOTFIX,), (replace(HOTFIX, reviewers=()),)],
    notifications.incident_opened: [(P0,), (P2,)],
    notifications.release_proposed: [(RELEASE,), (WIDE,)],
    notifications.release_waits: [(RELEASE, "tess")],
    notifications.release_published: [(RELEASE,)],
    notifications.release_verified: [(RELEASE,)],
    notifications.release_failed: [(replace(LIVE, failure="login failed"),)],
    notifications.deployment_broke: [(replace(LIVE, failure="the disk is full"),)],
    notifications.rollback_started: [(BACK,)],
    notifications.rollback_ended: [(BACK,), (STUCK,)],
    notifications.bypass_given: [(PASS,)],
    notifications.approval_asked: [(CHANGE, "ada")],
    notifications.follow_up_due: [(FOLLOW_UP, AT + timedelta(days=1))],
    notifications.sight_lost: [(LIVE, LOST)],
    notifications.seen_again: [(LIVE,), (replace(LIVE, state=DeploymentState.VERIFYING),)],
    notifications.merge_given_up: [(CHANGE, "staging has moved meanwhile.")],
    notifications.rollback_refused: [("v1.0.0-rollback", "v1.0.0", "ben", "Ben may not roll back.")],
    notifications.check_failed: [(CHANGE, check("zebra-smoke", Verdict.FAILED, "2 of 31 failed"))],
    notifications.trial: [("ada",)],
    notifications.as_sent: [
        (PAGE, TO_ADA, PLACE, AT),
        (PAGE, AGAIN, "", AT + timedelta(hours=1)),
        (PAGE, replace(TO_ADA, recipient="#releases", page=False), PLACE, AT),
        (SEEN, TO_ADA, PLACE, AT + timedelta(hours=1)),
    ],
    notifications.link: [*((PLACE, subject) for subject in SUBJECTS), ("", "change 7")],
    notifications.no_address: [("ada",), ("#releases",)],
    notifications.late: [
        ("ada", PAGE, TRIED),
        ("ada", PAGE, replace(TRIED, state=Delivery.FAILED, attempts=50)),
    ],
    notifications.waits_for_a_person: [(PAGE, ("tess", "dora")), (PAGE, ())],
    notifications.nobody_to_page: [(PAGE,)],
    notifications.not_acknowledged: [(PAGE,)],
    notifications.given_up: [("ada", replace(TRIED, attempts=50))],
    notifications.acknowledged_already: [(SEEN,)],
    notifications.no_page: [(PAGE,)],
    notifications.not_delivered: [("ada", "There is no connection to where env:ADA_ALERTS leads.")],
    notifications.nowhere: [("zoe", ("ada", "#releases")), ("zoe", ())],
    notifications.can_be_reached: [(("ada", "#releases"),)],
    notifications.nobody_is_told: [()],
    notifications.how_to_be_told: [()],
}
