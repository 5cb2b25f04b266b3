"""What is written is what is read: one full example per noun, and one with nothing that may be left out."""

from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from staging_gate.domain.change import ChangeState, MergePreview
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Phase, Severity
from staging_gate.domain.pull_request import Heard, PullState
from staging_gate.domain.timeline import RunRecord, RunState
from staging_gate.domain.way_back import WayBackVerdict
from staging_gate.ports.store import Stale, Transaction
from staging_gate.store import SqlStore
from tests.store import nouns
from tests.store.conftest import MovableClock

EXAMPLES = [
    nouns.CHANGE,
    nouns.TESTED,
    nouns.CHECK,
    nouns.APPROVAL,
    nouns.RELEASE,
    nouns.ANNOUNCEMENT,
    nouns.QUARANTINE,
    nouns.HOLD,
    nouns.BYPASS,
    nouns.FOLLOW_UP,
    nouns.DEPLOYMENT,
    nouns.VERIFICATION,
    nouns.INCIDENT,
    nouns.TOKEN,
    nouns.WAY_BACK,
    nouns.MIGRATION_REPORT,
    nouns.MAINTENANCE,
    nouns.NOTICE,
    nouns.NOTIFICATION,
    nouns.BACKUP,
    nouns.PULL_REQUEST,
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_the_examples_leave_nothing_out(example: Any) -> None:
    left_out = [
        field.name
        for field in fields(example)
        if field.default is not MISSING and getattr(example, field.name) == field.default
    ]
    assert left_out == []


def bare(example: Any) -> Any:
    """The example with its defaults."""
    given = {field.name for field in fields(example) if field.default is MISSING}
    return type(example)(**{name: getattr(example, name) for name in given})


def test_a_change(store: SqlStore) -> None:
    other = replace(bare(nouns.CHANGE), number=8)
    in_conflict = replace(
        nouns.CHANGE,
        number=9,
        preview=MergePreview("b" * 40, "a" * 40, None, ("web/app.py",)),
        state=ChangeState.CLOSED,
    )
    with store.transaction() as tx:
        for change in (nouns.CHANGE, other, in_conflict):
            tx.changes.add(change)
    with store.reading() as tx:
        assert [tx.changes.get(number) for number in (7, 8, 9, 10)] == [nouns.CHANGE, other, in_conflict, None]
        assert tx.changes.recent(2) == [in_conflict, other]
        assert tx.changes.open() == [other]


def test_the_word_of_a_tester(store: SqlStore) -> None:
    again = replace(bare(nouns.TESTED), by="linus")
    with store.transaction() as tx:
        tx.changes.add(nouns.CHANGE)
        tx.changes.add_tested(nouns.TESTED)
        tx.changes.add_tested(again)
    with store.reading() as tx:
        assert tx.changes.tested([7, 8]) == [nouns.TESTED, again]
        assert tx.changes.tested([8]) == tx.changes.tested([]) == []


def test_a_check(store: SqlStore) -> None:
    other = replace(bare(nouns.CHECK), name="lint")
    with store.transaction() as tx:
        tx.checks.put(nouns.CHECK)
        tx.checks.put(other)
    with store.reading() as tx:
        assert tx.checks.of_tree(nouns.CHECK.tree) == [other, nouns.CHECK]
        assert tx.checks.of_tree("0" * 40) == []


def test_the_latest_result_of_a_check_wins(store: SqlStore) -> None:
    passed = Check(nouns.CHECK.tree, nouns.CHECK.name, Verdict.PASSED, nouns.later(5))
    with store.transaction() as tx:
        tx.checks.put(nouns.CHECK)
    with store.transaction() as tx:
        tx.checks.put(passed)
        assert tx.checks.of_tree(nouns.CHECK.tree) == [passed]


def test_an_approval(store: SqlStore) -> None:
    other = replace(bare(nouns.APPROVAL), id="a-second", change=7)
    of_staging = replace(nouns.APPROVAL, id="a-third", change=None)
    with store.transaction() as tx:
        tx.changes.add(nouns.CHANGE)
        tx.approvals.add(nouns.APPROVAL)
        tx.approvals.add(other)
        tx.approvals.add(of_staging)
    with store.reading() as tx:
        assert tx.approvals.of_change(7) == [nouns.APPROVAL, other]
        assert tx.approvals.of_staging(nouns.APPROVAL.tree) == [of_staging]
        assert tx.approvals.of_staging("0" * 40) == []


def test_a_release(store: SqlStore) -> None:
    other = replace(bare(nouns.RELEASE), tag="v1.5.0", change=None)
    with store.transaction() as tx:
        tx.releases.add(nouns.RELEASE)
        tx.releases.add(other)
    with store.reading() as tx:
        assert tx.releases.get("v1.4.0") == nouns.RELEASE
        assert tx.releases.get("v9.9.9") is None
        assert tx.releases.all() == [other, nouns.RELEASE]


def test_an_announcement(store: SqlStore) -> None:
    other = replace(bare(nouns.ANNOUNCEMENT), tag="v3.0.0")
    with store.transaction() as tx:
        tx.announcements.add(nouns.ANNOUNCEMENT)
        tx.announcements.add(other)
    with store.reading() as tx:
        assert tx.announcements.of("v2.0.0") == [nouns.ANNOUNCEMENT]
        assert tx.announcements.all() == [nouns.ANNOUNCEMENT, other]


def test_a_quarantine(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.releases.add_quarantine(nouns.QUARANTINE)
        tx.releases.add_quarantine(bare(nouns.QUARANTINE))
    with store.reading() as tx:
        assert tx.releases.quarantines() == [bare(nouns.QUARANTINE)]


def test_a_hold(store: SqlStore) -> None:
    other = replace(bare(nouns.HOLD), id="hold-2")
    with store.transaction() as tx:
        tx.holds.add(nouns.HOLD)
        tx.holds.add(other)
    with store.reading() as tx:
        assert tx.holds.in_force() == [other]


def test_a_bypass(store: SqlStore) -> None:
    other = replace(bare(nouns.BYPASS), id="bypass-2")
    gone = replace(other, id="bypass-3")
    with store.transaction() as tx:
        for bypass in (nouns.BYPASS, other, gone):
            tx.bypasses.add(bypass)
        tx.bypasses.use("bypass-2", "production-13", nouns.later(50))
        tx.bypasses.withdraw("bypass-3", nouns.later(51))
    used = replace(other, used_at=nouns.later(50), used_for="production-13")
    withdrawn = replace(gone, withdrawn_at=nouns.later(51))
    with store.reading() as tx:
        assert [tx.bypasses.get(id) for id in ("bypass-1", "bypass-9")] == [nouns.BYPASS, None]
        assert tx.bypasses.about("v1.4.0") == [nouns.BYPASS, used, withdrawn]
        assert tx.bypasses.about("v1.5.0") == []
        assert tx.bypasses.recent(2) == [withdrawn, used]


def test_a_bypass_is_used_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.bypasses.add(nouns.BYPASS)
        with pytest.raises(Stale, match="bypass-1 is not in force any more"):
            tx.bypasses.use("bypass-1", "production-13", nouns.AT)
        with pytest.raises(Stale, match="bypass-1 is not in force any more"):
            tx.bypasses.withdraw("bypass-1", nouns.AT)


def test_a_follow_up(store: SqlStore) -> None:
    other = replace(bare(nouns.FOLLOW_UP), id=3, about="v1.5.1", due_at=nouns.later(400))
    third = replace(other, id=4, about="v1.6.1", due_at=nouns.later(500))
    with store.transaction() as tx:
        for follow_up in (nouns.FOLLOW_UP, third, other):
            tx.followups.add(follow_up)
        tx.followups.remind(3, None, nouns.later(410))
        tx.followups.finish(4, "grace", "", nouns.later(450))
    reminded = replace(other, reminded_at=nouns.later(410))
    done = replace(third, done_at=nouns.later(450), done_by="grace")
    with store.reading() as tx:
        assert [tx.followups.get(id) for id in (2, 9)] == [nouns.FOLLOW_UP, None]
        assert tx.followups.open() == [reminded]
        assert tx.followups.about("v1.5.1") == [reminded]
        assert tx.followups.recent() == [done, reminded, nouns.FOLLOW_UP]


def test_there_is_one_follow_up_of_a_kind_about_each(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.followups.add(nouns.FOLLOW_UP)
        with pytest.raises(Stale, match="There is a follow-up proper_fix about v1.4.1 already"):
            tx.followups.add(replace(nouns.FOLLOW_UP, id=3))
        with pytest.raises(Stale, match="is done already"):
            tx.followups.finish(2, "ada", "", nouns.AT)
        with pytest.raises(Stale, match="is done, or somebody else"):
            tx.followups.remind(2, None, nouns.AT)


def test_a_deployment(store: SqlStore) -> None:
    other = replace(bare(nouns.DEPLOYMENT), id="production-13", state=DeploymentState.QUEUED)
    with store.transaction() as tx:
        tx.deployments.add(nouns.DEPLOYMENT)
        tx.deployments.add(other)
    with store.reading() as tx:
        assert tx.deployments.get("production-12") == nouns.DEPLOYMENT
        assert tx.deployments.get("production-13") == other
        assert tx.deployments.get("staging-1") is None


def test_a_verification(store: SqlStore) -> None:
    again = replace(bare(nouns.VERIFICATION), at=nouns.later(99))
    with store.transaction() as tx:
        tx.deployments.add(replace(nouns.DEPLOYMENT, id="staging-1", environment=Environment.STAGING))
        tx.deployments.add_verification(nouns.VERIFICATION)
        assert tx.deployments.verification(Environment.STAGING, nouns.VERIFICATION.tree) == nouns.VERIFICATION
        assert tx.deployments.verification(Environment.PRODUCTION, nouns.VERIFICATION.tree) is None
        tx.deployments.add_verification(again)
        assert tx.deployments.verification(Environment.STAGING, nouns.VERIFICATION.tree) == again


def test_an_incident(store: SqlStore) -> None:
    other = replace(bare(nouns.INCIDENT), id=4)
    worse = replace(other, id=5, severity=Severity.P0, phase=Phase.MONITORING)
    with store.transaction() as tx:
        for incident in (nouns.INCIDENT, other, worse):
            tx.incidents.add(incident)
    with store.reading() as tx:
        assert [tx.incidents.get(id) for id in (3, 4, 6)] == [nouns.INCIDENT, other, None]
        assert tx.incidents.open() == [worse, other]
        assert tx.incidents.recent(2) == [worse, other]
        assert tx.incidents.recent() == [worse, other, nouns.INCIDENT]


def test_incidents_are_numbered_without_gaps(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert (tx.incidents.next_id(), tx.incidents.next_id()) == (1, 2)


def test_a_token(store: SqlStore) -> None:
    other = replace(bare(nouns.TOKEN), id="token-2", sha256="8" * 64)
    with store.transaction() as tx:
        tx.tokens.add(nouns.TOKEN)
        tx.tokens.add(other)
    with store.reading() as tx:
        assert tx.tokens.by_hash("9" * 64) == nouns.TOKEN
        assert tx.tokens.by_hash("7" * 64) is None
        assert tx.tokens.all() == [nouns.TOKEN, other]


def test_a_way_back(store: SqlStore) -> None:
    other = replace(bare(nouns.WAY_BACK), to_tree="b" * 40)
    with store.transaction() as tx:
        tx.ways_back.put(other)
        tx.ways_back.put(replace(nouns.WAY_BACK, verdict=WayBackVerdict.UNKNOWN))
        tx.ways_back.put(nouns.WAY_BACK)
    with store.reading() as tx:
        assert tx.ways_back.get("d" * 40, "c" * 40) == nouns.WAY_BACK
        assert tx.ways_back.get("c" * 40, "d" * 40) is None
        assert tx.ways_back.recent() == [other, nouns.WAY_BACK]


def test_a_backup(store: SqlStore) -> None:
    other = replace(bare(nouns.BACKUP), service="web", at=nouns.later(40))
    with store.transaction() as tx:
        tx.backups.add(nouns.BACKUP)
        tx.backups.add(other)
    with store.reading() as tx:
        assert tx.backups.of("production-12") == [other, nouns.BACKUP]
        assert tx.backups.of("production-11") == []
        assert tx.backups.kept() == [other]
        assert tx.backups.recent() == [nouns.BACKUP, other]
        assert tx.backups.recent(limit=1) == [nouns.BACKUP]


def test_a_backup_is_made_and_removed_once(store: SqlStore) -> None:
    kept = replace(nouns.BACKUP, removed_at=None)
    with store.transaction() as tx:
        tx.backups.add(kept)
        tx.backups.remove(kept, nouns.later(60_000))
    with pytest.raises(Stale, match="production-12 has a backup of api already"), store.transaction() as tx:
        tx.backups.add(kept)
    with pytest.raises(Stale, match="is removed already"), store.transaction() as tx:
        tx.backups.remove(kept, nouns.later(1))
    with store.reading() as tx:
        assert tx.backups.of("production-12") == [nouns.BACKUP]


def test_a_run(store: SqlStore, clock: MovableClock) -> None:
    with store.transaction() as tx:
        id = tx.start("deploy to staging", "staging-1")
    with store.reading() as tx:
        expected = RunRecord(id, "deploy to staging", "staging-1", RunState.WAITING, clock.now())
        assert tx.runs.get(id) == expected
        assert tx.runs.about("staging-1") == tx.runs.unfinished() == [expected]
        assert tx.runs.about("staging-2") == []
        assert tx.runs.steps(id) == []
        assert tx.runs.get("nothing") is None


def test_what_programs_print_is_never_a_reason_to_lose_a_row(store: SqlStore) -> None:
    printed = replace(nouns.DEPLOYMENT, evidence="NUL \0 and half a pair \ud83d of surrogates")
    with store.transaction() as tx:
        tx.deployments.add(printed)
        assert evidence(tx, printed.id) == "NUL \N{SYMBOL FOR NULL} and half a pair ? of surrogates"


def evidence(tx: Transaction, id: str) -> str:
    deployment = tx.deployments.get(id)
    assert deployment is not None
    return deployment.evidence


def test_reports_about_migrations(store: SqlStore) -> None:
    bare_one, tree = replace(bare(nouns.MIGRATION_REPORT), service="web"), "a" * 40
    with store.transaction() as tx:
        tx.migration_reports.put(tree, bare_one, nouns.AT)
        tx.migration_reports.put(tree, replace(nouns.MIGRATION_REPORT, findings=()), nouns.AT)
        tx.migration_reports.put(tree, nouns.MIGRATION_REPORT, nouns.later(1))
        tx.migration_reports.put("b" * 40, replace(bare_one, unknown=("it printed \0 and \ud800",)), nouns.AT)
    with store.reading() as tx:
        assert tx.migration_reports.of_tree(tree) == [nouns.MIGRATION_REPORT, bare_one]
        assert tx.migration_reports.of_tree("b" * 40)[0].unknown == ("it printed \N{SYMBOL FOR NULL} and ?",)
        assert tx.migration_reports.of_tree("c" * 40) == []


def test_a_maintenance(store: SqlStore) -> None:
    ahead = replace(bare(nouns.MAINTENANCE), id=2, starts_at=nouns.later(300), ends_at=nouns.later(400))
    moved = replace(ahead, ends_at=nouns.later(450), changes=1, changed_at=nouns.AT)
    with store.transaction() as tx:
        assert tx.maintenances.next_id() == 1
        tx.maintenances.add(nouns.MAINTENANCE)
        tx.maintenances.add(ahead)
        tx.maintenances.update(moved, was=ahead)
        with pytest.raises(Stale, match="Somebody else changed maintenance 2"):
            tx.maintenances.update(replace(ahead, changes=1), was=ahead)
        with pytest.raises(Stale, match="There is a maintenance 2"):
            tx.maintenances.add(ahead)
    with store.reading() as tx:
        assert tx.maintenances.get(1) == nouns.MAINTENANCE
        assert tx.maintenances.get(3) is None
        assert tx.maintenances.recent() == [nouns.MAINTENANCE, moved]
        assert tx.maintenances.ahead(nouns.later(449)) == [moved]
        assert tx.maintenances.ahead(nouns.later(450)) == []
        assert tx.maintenances.between(nouns.later(400), nouns.later(650)) == [moved, nouns.MAINTENANCE]
        assert tx.maintenances.between(nouns.AT, nouns.later(300)) == []


def test_what_the_code_host_said_of_a_pull_request(store: SqlStore) -> None:
    other = Heard(nouns.later(5), replace(bare(nouns.PULL_REQUEST), number=8, state=PullState.OPEN))
    older = replace(nouns.HEARD, at=nouns.later(3), pull=replace(nouns.PULL_REQUEST, title="as it was"))
    with store.transaction() as tx:
        for heard in (nouns.HEARD, other, older):
            tx.pull_requests.put(heard)
    with store.reading() as tx:
        assert [tx.pull_requests.get(number) for number in (7, 8, 9)] == [nouns.HEARD, other, None]
        assert tx.pull_requests.open() == [other]
