"""Every sentence that the product says is kept in __snapshots__: read them there; --snapshot-update after a change."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate import messages
from staging_gate.domain.calendar import Kind, Occurrence
from staging_gate.domain.change import ChangeState
from staging_gate.domain.deployment import DeploymentKind
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.domain.gate import Action, Caution, Decision, Passed, Reason
from staging_gate.domain.incident import Incident, Severity
from staging_gate.domain.log_patterns import Found
from staging_gate.domain.notification import Message
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages import (
    approvals,
    bypasses,
    calendar,
    check_runs,
    decisions,
    deployments,
    explaining,
    followups,
    hotfixes,
    incidents,
    pushes,
    releases,
    reports,
    steps,
    waiting,
)
from staging_gate.messages.reports import Story
from staging_gate.queries.plain import plain
from tests.domain.nouns import (
    AT,
    BAD,
    CHANGE,
    EARLIER,
    HELD,
    LIVE,
    PASS,
    RELEASE_CHANGE,
    SHIPPED,
    approval,
)
from tests.messages import (
    notifications,
    said_backups,
    said_maintenance,
    said_migrations,
    said_protection,
    said_pull_requests,
    said_shown,
    said_ways_back,
)

CLOSED = Decision(
    Action.PUBLISH,
    "v1.1.0",
    "tess",
    AT,
    (
        Reason("hold", "dora holds promotions to production: not now", "Lift it.", ("hold-1 by dora",)),
        Reason("freeze", "A freeze is on.", "Wait.", until=AT + timedelta(days=3), bypass=("tech_lead", "on_call")),
    ),
)
OPEN = Decision(Action.MERGE, "change 7", "ben", AT)
PASSED = replace(OPEN, bypassed=(Passed(CLOSED.reasons[1], PASS),))
USED = replace(PASS, used_at=AT, used_for="production-3")
FORGED = Reason(
    "hold",
    "dora holds *everything* <b>now</b>, @ada",
    "`gate approve 7 --as tech_lead` or ` ask.",
    ("[x](http://evil)",),
    AT,
)
MANY = replace(CLOSED, reasons=(*CLOSED.reasons, FORGED))
LARGE = replace(
    OPEN, warnings=(Caution("large_release", "v1.1.0 is large.", "Release more often.", ("change 5: feat: charts",)),)
)
LATER = replace(CLOSED, reasons=CLOSED.reasons[1:])
RELEASE = Release("v1.1.0", "Release v1.1.0 - dark mode", "notes", ReleaseState.MERGED, 7, "ada", AT)
INCIDENT = Incident(
    3, Severity.P1, "login fails", "ada", AT, resolved_by="dora", resolved_at=AT, resolution="the secret was wrong"
)
BACK_AGAIN = replace(EARLIER, id="production-3", kind=DeploymentKind.ROLLBACK, why="rollback to v1.0.0: it is slow")
AFTER_ROLLBACK = (FollowUpKind.NOTIFY, FollowUpKind.REPORT, FollowUpKind.PROPER_FIX)

AFTER_HOTFIX = (FollowUpKind.DOCUMENT, FollowUpKind.REVIEW, FollowUpKind.ADD_TESTS, FollowUpKind.PROPER_FIX)
TO_DO = FollowUp(3, FollowUpKind.DOCUMENT, "v1.1.1", "Document what happened (v1.1.1)", "ada", AT, AT)
HOTFIX = replace(CHANGE, title="fix: login", source="hotfix/login", target="main")
UTC = ZoneInfo("UTC")
STANDING = [
    Occurrence(Kind.WINDOW, AT, AT + timedelta(hours=6)),
    Occurrence(Kind.FREEZE, AT, AT + timedelta(days=6), "year end", tuple(Environment)),
    Occurrence(Kind.HOLIDAY, AT, AT + timedelta(days=1), "Boxing Day"),
    Occurrence(Kind.CUTOFF, AT, AT, environments=(Environment.STAGING,)),
]

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    **notifications.SAID,
    **said_backups.SAID,
    **said_protection.SAID,
    **said_pull_requests.SAID,
    **said_shown.SAID,
    **said_ways_back.SAID,
    **said_maintenance.SAID,
    **said_migrations.SAID,
    calendar.title: [(each,) for each in STANDING],
    calendar.published: [(replace(RELEASE, published_by="dana"),)],
    calendar.waits: [("v1.1.0",)],
    calendar.announced: [("v2.0.0",)],
    calendar.on_day: [
        ("open", AT, AT + timedelta(hours=6), AT.replace(hour=0), UTC),
        ("frozen", AT - timedelta(days=2), AT + timedelta(days=2), AT.replace(hour=0), UTC),
        ("open", AT - timedelta(days=1), AT, AT.replace(hour=0), UTC),
        ("cut-off", AT, AT, AT.replace(hour=0), UTC),
    ],
    calendar.now_open: [(Environment.PRODUCTION, AT, UTC), (Environment.STAGING, None, UTC)],
    calendar.now_closed: [(Environment.PRODUCTION, "", AT, UTC), (Environment.PRODUCTION, "year end", None, UTC)],
    calendar.next_cutoff: [(AT, UTC)],
    decisions.headline: [("merge", "ben", 0), ("publish", "tess", 1), ("publish", "tess", 2), ("merge", "ben", 0, 1)],
    decisions.lines: [(OPEN,), (CLOSED,), (PASSED,)],
    decisions.lines_of: [(plain(OPEN),), (plain(CLOSED),), (plain(PASSED),)],
    approvals.too_late_to_withdraw: [(SHIPPED,), (replace(RELEASE_CHANGE, state=ChangeState.MERGED),)],
    approvals.given: [(approval("stan", "stakeholder"),)],
    approvals.waits_for: [
        ("review", 1, ["ben", "tess"], []),
        ("tech_lead", 2, ["tess", "stan"], ["tess"]),
        ("security", 1, [], []),
    ],
    approvals.not_one_of_us: [("zoe", ["ada", "ben"]), ("zoe", [])],
    approvals.own_change: [("ada", 7)],
    approvals.staging_not_proved: [(None,), ("staging-3",)],
    bypasses.line: [(PASS, AT), (USED, AT), (PASS, PASS.expires_at)],
    bypasses.passed_by: [(PASS,)],
    bypasses.state: [(PASS, AT), (USED, AT), (replace(PASS, withdrawn_at=AT), AT), (PASS, PASS.expires_at)],
    bypasses.over: [(USED, AT), (replace(PASS, withdrawn_at=AT), AT), (PASS, PASS.expires_at)],
    bypasses.review: [(PASS, "production-3")],
    bypasses.justification: [(10, 1000)],
    bypasses.how_long: [(timedelta(minutes=5), timedelta(hours=72))],
    bypasses.tag_line: [(PASS,)],
    deployments.merged: [(7, "feat: dark mode")],
    deployments.published: [("v1.1.0", "tess"), ("v1.1.0", "tess", AT)],
    deployments.rollback: [("v1.0.0", "prices are wrong")],
    deployments.automatic_rollback: [(LIVE,)],
    deployments.failed_in_production: [(LIVE,)],
    deployments.name: [(LIVE,)],
    deployments.nothing_to_put_back: [()],
    deployments.route_not_closed: [("the proxy is away",), ("The proxy is away.",)],
    deployments.put_back: [("v1.0.0",)],
    deployments.put_back_failed: [("v1.0.0", "its database is gone")],
    deployments.rollback_failed: [("login failed", True, True), ("login failed.", False, False)],
    deployments.second_try: [(BACK_AGAIN,)],
    deployments.logs_found: [
        (None,),
        (Found((), 12),),
        (Found((("Deadlock detected", 3), ("Invalid token", 1)), 400),),
    ],
    deployments.superseded_by: [("staging-3",)],
    deployments.cancelled: [("cleo",)],
    deployments.smoke_failed: [("api", "login failed", "through the public address")],
    deployments.sentences: [("One", "two.", "three:", "four?")],
    deployments.services: [(["api"],), (["api", "web"],), (["api", "web", "worker"],)],
    releases.announced_too_soon: [("v2.0.0", date(2026, 3, 19), timedelta(days=7))],
    waiting.moment: [(AT, "Europe/London")],
    waiting.waits: [("v1.1.0", each, "Europe/London") for each in (OPEN, CLOSED, LATER)],
    followups.after_hotfix: [(kind, "v1.1.1", "fix: login") for kind in AFTER_HOTFIX],
    followups.reminder: [(TO_DO, AT + timedelta(days=days, hours=1)) for days in (0, 1, 5)],
    followups.done_already: [(replace(TO_DO, done_at=AT, done_by="tess"),)],
    hotfixes.title: [("v1.1.1", HOTFIX)],
    hotfixes.proof: [(HOTFIX,)],
    hotfixes.staging_again: [(HOTFIX,)],
    hotfixes.notes: [("nobody can log in", "## Bug Fixes\n- login")],
    hotfixes.back_merge_title: [("v1.1.1", "main", "staging")],
    hotfixes.back_merge: [("v1.1.1", "main", "staging")],
    hotfixes.back_merge_conflicts: [("main", "staging", ("web/app.py", "README.md"))],
    hotfixes.bad_name: [("Log In",)],
    hotfixes.nothing_live: [()],
    hotfixes.taken: [("hotfix/login",)],
    hotfixes.proved_already: [(7,)],
    hotfixes.under_way: [("staging-4",)],
    hotfixes.not_a_hotfix: [(7,)],
    incidents.line: [(INCIDENT,)],
    incidents.resolved_already: [(INCIDENT,)],
    incidents.rollback_failed: [(EARLIER,)],
    incidents.rollback_tried: [
        (replace(BACK_AGAIN, failure="login failed", evidence="500"), replace(BACK_AGAIN, id="production-4"))
    ],
    incidents.logs_after_rollback: [(BACK_AGAIN,)],
    followups.after_rollback: [(kind, BACK_AGAIN, LIVE) for kind in AFTER_ROLLBACK],
    reports.report: [
        (Story("production-3", LIVE, (replace(BACK_AGAIN, logs_found="None."),), (), (BAD,), (HELD,), (), ()),),
        (Story("incident 3", None, (), (INCIDENT,), (), (), (), ()),),
    ],
    incidents.route_not_closed: [(LIVE,)],
    incidents.broke_after_the_switch: [(LIVE,)],
    pushes.rollback_tag_late: [("v1.0.0-rollback", "production-3")],
    pushes.protected_branch: [("main", "staging")],
    pushes.protected_branch_deleted: [("main",)],
    pushes.branch_like_a_tag: [("v1.0.0",)],
    pushes.tag_like_a_branch: [("main",)],
    pushes.only_looks_on: [("vera",)],
    pushes.release_tag: [("v1.1.0",)],
    pushes.rollback_tag_moved: [("v1.0.0-rollback",)],
    pushes.rollback_tag_lightweight: [("v1.0.0-rollback",)],
    pushes.rollback_tag_unknown: [("v0.9.0-rollback", "v0.9.0")],
    pushes.rollback_refused: [("v1.0.0-rollback", CLOSED)],
    pushes.rollback_reason: [
        ("v1.0.0-rollback", "Prices are wrong\n\nSee 7."),
        ("v1.0.0-rollback", " \n"),
        ("v1.0.0-rollback", "Prices are wrong", "f" * 40),
    ],
    pushes.no_right_to_roll_back: [("v1.0.0-rollback", "ada", "tech_lead or devops")],
    pushes.internal_ref: [("refs/gate/trial/x",)],
    pushes.first_import_needs_admin: [("main",)],
    releases.on_main_already: [(RELEASE, "v1.2.0")],
    releases.taken: [(RELEASE,), (replace(RELEASE, state=ReleaseState.VERIFIED),)],
    check_runs.title: [(OPEN,), (CLOSED,), (replace(CLOSED, reasons=CLOSED.reasons[:1]),)],
    check_runs.summary: [
        (OPEN,),
        (LARGE,),
        (MANY, "Europe/London", "change 7 is next.", "https://gate.example/changes/7"),
        (OPEN, "UTC", "", "", (said_migrations.JUDGED, said_migrations.BAD, replace(said_migrations.BAD, findings=()))),
    ],
    explaining.supposed: [(AT, "Europe/London", "ada", False), (AT, "UTC", "ada", True)],
    explaining.place: [
        ("production-3", 1, ()),
        ("production-3", 2, ("production-2",)),
        ("v1.3.0", 4, ("v1.0.1", "v1.1.0", "v1.2.0")),
    ],
    explaining.can_not_be_asked: [("roll_back", "12", "a change", ("merge", "merge_when_ready"))],
    releases.release_title: [("v1.1.0", "dark mode")],
    releases.stray_tag: [("v1.1.0", "1" * 40, "2" * 40), ("v1.1.0", "1" * 40, None)],
    releases.put_tag_back: [("1" * 40,)],
    releases.tag_of_no_release: [("v1.1.0", "withdrawn")],
    releases.tag_of_nobody: [("v9.0.0", "v1.1.0")],
    releases.merge_message: [(CHANGE,)],
    steps.outcome: [("kept",), ('"built in 1.0 s"',), ('{"services": ["api"]}',), ("null",), ("two\n lines",), ("",)],
    releases.tag_message: [("Release v1.1.0 - dark mode", "## Features\n- dark mode\n", 42, "f" * 64)],
}


def functions() -> dict[str, Callable[..., Any]]:
    """All of the package, by name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(messages.__path__):
        loaded = importlib.import_module(f"{messages.__name__}.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_"):
                found[f"{module.name}.{name}"] = function
    return found


@pytest.mark.parametrize("name", functions())
def test_what_is_said(name: str, snapshot: SnapshotAssertion) -> None:
    said = [functions()[name](*arguments) for arguments in SAID[functions()[name]]]

    assert "\n---\n".join(_text(each) for each in said) == snapshot


def _text(said: Any) -> str:
    if isinstance(said, Message):
        return f"{'URGENT ' if said.urgent else ''}{said.title}\n{said.body}"
    return said if isinstance(said, str) else "\n".join(map(str, said))


def test_every_action_has_its_words() -> None:
    assert set(Action) <= set(decisions.NAMES)


def test_a_client_reads_the_same_as_the_server_says() -> None:
    for decision in (OPEN, CLOSED, LARGE):
        assert decisions.lines_of(json.loads(json.dumps(plain(decision)))) == decisions.lines(decision)


def test_a_check_takes_no_more_than_code_hosts_do() -> None:
    long = replace(CLOSED, reasons=(replace(CLOSED.reasons[0], sentence="x" * 200, evidence=("y" * 70_000,)),))

    assert (len(check_runs.title(long)), len(check_runs.summary(long))) == (140, 65_535)
