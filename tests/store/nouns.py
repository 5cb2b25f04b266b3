"""One full example per noun: every field has a value of its own."""

from datetime import UTC, date, datetime, timedelta

from staging_gate.domain.announcement import Announcement
from staging_gate.domain.approval import Approval
from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change, ChangeState, MergePreview, Tested
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.domain.incident import Incident, Phase, Severity
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.migration import Exemption, Finding, MigrationReport, Rows
from staging_gate.domain.migration import Severity as FindingSeverity
from staging_gate.domain.notification import Delivery, Event, Notice, Notification
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.pull_request import Heard, HostCheck, Opinion, PullRequest, PullState, Word
from staging_gate.domain.release import Hold, Quarantine, Release, ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.domain.token import Token
from staging_gate.domain.way_back import Loss, WayBack, WayBackVerdict

AT = datetime(2026, 3, 1, 8, 30, 15, 1, tzinfo=UTC)


def later(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def revision(letter: str) -> Revision:
    return Revision(letter * 40, (letter * 39) + "0")


CHANGE = Change(
    number=7,
    title="Sell in four markets — 市場",
    source="feature/markets",
    target="staging",
    author="ada",
    head=revision("a"),
    opened_at=AT,
    description="Line one\nline two",
    labels=("hotfix", "needs migration"),
    state=ChangeState.MERGED,
    preview=MergePreview("b" * 40, "a" * 40, revision("c"), ("web/app.py", "README.md")),
    release="v1.4.0",
    merged=revision("d"),
    merged_at=later(9),
    merged_by="grace",
    method=MergeMethod.SQUASH,
    merge_requested_at=later(8),
    last_pusher="linus",
    merge_wanted_at=later(7),
    merge_wanted_by="grace",
    merge_wanted_method=MergeMethod.SQUASH,
    counted=("a-1",),
    hotfix_reason="Nobody can log in",
    migrations="9" * 64,
    reviewers=("grace", "linus"),
)

TESTED = Tested(change=7, by="grace", at=later(2), tree="e" * 40, note="Login, dashboard, four markets")

CHECK = Check(
    tree="e" * 40,
    name="unit tests",
    verdict=Verdict.FAILED,
    at=later(1),
    summary="2 of 311 failed",
    log="change-7/unit-tests",
    change=7,
    seconds=12.25,
)

APPROVAL = Approval(
    id="approval-1",
    change=7,
    role="tech_lead",
    by="grace",
    at=later(3),
    tree="e" * 40,
    policy_hash="f" * 64,
    comment="Read it twice",
    withdrawn_at=later(4),
    migrations="9" * 64,
    source="https://github.example/zebra/marketedge/pull/7#review-1",
)

RELEASE = Release(
    tag="v1.4.0",
    title="Release v1.4.0 - Markets",
    notes="## Features\n- four markets",
    state=ReleaseState.PUBLISHED,
    change=7,
    created_by="ada",
    created_at=AT,
    revision=revision("d"),
    published_at=later(20),
    published_by="grace",
    verified_at=later(30),
    publish_wanted_at=later(18),
    publish_wanted_by="grace",
    held_back="linus holds promotions to production: 市場",
    ended_at=later(30),
)

ANNOUNCEMENT = Announcement(
    tag="v2.0.0", planned_for=date(2026, 3, 19), at=later(5), by="grace", note="The old login goes — 市場"
)

QUARANTINE = Quarantine(
    tag="v1.4.0",
    tree="d" * 39 + "0",
    reason="login failed in production",
    by="staging-gate",
    at=later(31),
    lifted_at=later(60),
    lifted_by="grace",
    lifted_reason="the setting was missing, not the code",
)

HOLD = Hold(
    id="hold-1",
    environment="production",
    reason="v1.4.0 was taken back",
    by="staging-gate",
    at=later(31),
    lifted_at=later(61),
    lifted_by="grace",
    lifted_reason="understood",
)

DEPLOYMENT = Deployment(
    id="production-12",
    environment=Environment.PRODUCTION,
    kind=DeploymentKind.ROLLBACK,
    revision=revision("d"),
    state=DeploymentState.ROLLED_BACK,
    why="the smoke tests of production-11 failed",
    requested_by="staging-gate",
    requested_at=later(40),
    release="v1.4.0",
    change=7,
    previous="production-11",
    undoes="production-11",
    started_at=later(41),
    switched_at=later(42),
    ended_at=later(43),
    failure="login answered 500",
    evidence="Traceback ...\nKeyError: 'AUTH0_DOMAIN'",
    cancel_requested_by="grace",
    urgent=True,
    through_provider=True,
    retries="production-10",
    logs_due_at=later(48),
    logs_found="3 times Deadlock detected",
    downgrades=True,
    database_said="The database goes back first, which throws away: column orders.note.",
)

VERIFICATION = Verification(
    environment=Environment.STAGING,
    tree="d" * 39 + "0",
    deployment="staging-1",
    at=later(15),
    smoke=("login", "dashboard"),
)

BYPASS = Bypass(
    id="bypass-1",
    code="freeze",
    subject="v1.4.0",
    tree="e" * 40,
    reason="the tax rate changes tomorrow",
    by="grace",
    at=later(32),
    expires_at=later(92),
    used_at=later(40),
    used_for="production-12",
    withdrawn_at=later(45),
)

FOLLOW_UP = FollowUp(
    id=2,
    kind=FollowUpKind.PROPER_FIX,
    about="v1.4.1",
    title="Schedule the proper fix — 修正",
    owner="ada",
    opened_at=later(60),
    due_at=later(600),
    reminded_at=later(610),
    done_at=later(700),
    done_by="grace",
    note="change 12",
)

INCIDENT = Incident(
    id=3,
    severity=Severity.P1,
    title="Login fails for some — ログイン",
    opened_by="ada",
    opened_at=later(50),
    phase=Phase.RESOLVED,
    deployment="production-12",
    resolved_by="grace",
    resolved_at=later(70),
    resolution="the token's audience was wrong",
    details="login answered 500 — ログイン",
)

TOKEN = Token(
    id="token-1",
    person="ada",
    sha256="9" * 64,
    created_at=AT,
    created_by="grace",
    roles=("admin", "devops"),
    label="ada's laptop",
    expires_at=later(500),
    revoked_at=later(400),
)

WAY_BACK = WayBack(
    from_tree="d" * 40,
    to_tree="c" * 40,
    verdict=WayBackVerdict.REVERSIBLE,
    at=later(80),
    deployment="staging-12",
    evidence=("api of v1.3.0 did not start on the new schema", "it passes after the downgrade"),
    losses=(Loss("column note.text", 12), Loss("table draft")),
    seconds=4.2,
    log="staging-12/way-back",
)

BACKUP = Backup(
    deployment="production-12",
    service="api",
    at=later(41),
    kind="postgres",
    file="/var/lib/staging-gate/backups/api/production-12.dump",
    size=5_000_000_000,
    sha256="8" * 64,
    revisions=("0007",),
    tables=4,
    rows=3_000_000_000,
    proof=BackupProof.LISTED,
    note="nothing to restore it on",
    seconds=2.5,
    remove_at=later(50_000),
    removed_at=later(60_000),
)

NOTICE = Notice(
    event=Event.HOTFIX_OPENED,
    subject="change 7",
    step="hotfix_opened",
    title="Hotfix: Sell in four markets — 市場",
    body="Nobody can log in",
    at=later(90),
    people=("grace", "linus"),
    page=True,
    id=1,
    addressed_at=later(91),
    repeats=2,
    repeat_at=later(101),
    acknowledged_at=later(99),
    acknowledged_by="grace",
)

NOTIFICATION = Notification(
    notice=1,
    recipient="grace",
    created_at=later(91),
    due_at=later(92),
    repeat=2,
    page=True,
    id=1,
    state=Delivery.SENT,
    attempts=3,
    address="env:GRACE_ALERTS",
    sent_at=later(93),
    problem="No answer within 10 s.",
    unclear=True,
)

EXEMPTION = Exemption("rows_lost", "migrations/versions/0007_*.py", "nobody reads drafts — 下書き", date(2026, 12, 31))

MIGRATION_REPORT = MigrationReport(
    service="api",
    findings=(
        Finding(
            code="rows_lost",
            severity=FindingSeverity.NOTE,
            path="migrations/versions/0007_drafts.py",
            line=12,
            what="draft had 12 rows and has 0 — 下書き",
            why="No downgrade brings them back.",
            instead="Keep a copy.",
            built_in=FindingSeverity.WARNING,
            exempted=EXEMPTION,
        ),
        Finding("syntax_error", FindingSeverity.ERROR, "a.py", 1, "broken", "It never runs.", "Mend it."),
    ),
    since=("0006", "0006b"),
    new=("migrations/versions/0007_drafts.py",),
    rows=(Rows("draft", 12, 0),),
    unknown=("squawk is not installed, so its rules about SQL were not asked.",),
    seconds=4.5,
    judged_on=date(2026, 3, 1),
    idle=(Exemption("long_lock", "*", "at night"),),
)

MAINTENANCE = Maintenance(
    id=1,
    title="Move prices to a new table — 価格",
    environment=Environment.PRODUCTION,
    starts_at=later(600),
    ends_at=later(720),
    announced_by="grace",
    announced_at=later(5),
    affected="prices can not be changed — 価格",
    services=("api", "web"),
    note="the plan is in the wiki",
    changes=2,
    changed_at=later(50),
    cancelled_at=later(50),
    cancelled_by="ada",
    cancelled_reason="the plan was wrong",
)

PULL_REQUEST = PullRequest(
    number=7,
    state=PullState.MERGED,
    title="Sell in four markets — 市場",
    source="feature/markets",
    target="staging",
    head="a" * 40,
    author="ada",
    author_is_person=False,
    description="Line one\nline two",
    labels=("hotfix", "needs migration"),
    draft=True,
    fork="linus/marketedge",
    address="https://github.example/zebra/marketedge/pull/7",
    merged="d" * 40,
    merged_at=AT,
    ended_by="grace",
    opinions=(
        Opinion("1", "grace", Word.APPROVED, "a" * 40, later(3), False, "https://github.example/7#1"),
        Opinion("2", "linus", Word.OTHER, None),
    ),
    checks=(HostCheck("zebra-smoke", Verdict.FAILED, True, "https://github.example/runs/1", "actions"),),
)

HEARD = Heard(later(4), PULL_REQUEST)
