"""What the proof of migrations found is kept with its tree, judged by policy, and on the record where exempted."""

from collections.abc import Callable
from datetime import date

from staging_gate.domain.change import Change
from staging_gate.domain.migration import Exemption, Finding, MigrationReport, Severity
from staging_gate.runbook import checking
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed_as_explained

LOST = Finding(
    "rows_lost",
    Severity.ERROR,
    "migrations/versions/0007_drafts.py",
    12,
    "draft had 12 rows and has 0",
    "No downgrade brings them back.",
    "Keep a copy.",
)
Made = Callable[..., World]


def reports(world: World, change: Change) -> list[MigrationReport]:
    with world.store.reading() as tx:
        return tx.migration_reports.of_tree(world.look(change).mergeable_tree() or "")


def verdict(world: World, change: Change) -> tuple[str, str]:
    with world.store.reading() as tx:
        found = {check.name: check for check in tx.checks.of_tree(world.look(change).mergeable_tree() or "")}
    return str(found["db-migrations"].verdict), found["db-migrations"].summary


def test_a_report_is_kept_with_the_tree_that_it_is_about(made: Made) -> None:
    world = made(policy=gate_yaml(proof={}))
    world.checks.next_report(LOST)
    change = world.change()

    [report] = reports(world, change)
    assert report.findings == (LOST,)
    assert report.judged_on == world.clock.now().date()
    assert verdict(world, change) == ("failed", "migrations/versions/0007_drafts.py:12: draft had 12 rows and has 0")
    assert "error: draft had 12 rows and has 0 [rows_lost]" in world.logs.tail(
        f"checks/{change.mergeable_tree()}/db-migrations"
    )


def test_policy_may_lower_a_severity_and_the_report_says_so(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"severities": {"rows_lost": "note"}}))
    world.checks.next_report(LOST)
    change = world.change()

    [finding] = reports(world, change)[0].findings
    assert (finding.severity, finding.built_in, finding.is_lowered) == (Severity.NOTE, Severity.ERROR, True)
    assert verdict(world, change)[0] == "passed"
    assert "lowered by gate.yaml from error to note" in world.logs.tail(
        f"checks/{change.mergeable_tree()}/db-migrations"
    )


def test_policy_may_raise_a_severity(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"severities": {"long_lock": "error"}}))
    world.checks.next_report(Finding("long_lock", Severity.WARNING, "a.py", 3, "it holds a lock", "", ""))
    assert verdict(world, world.change())[0] == "failed"


def exempt(until: str | None = "2026-12-31", path: str = "migrations/versions/0007_*.py") -> dict[str, object]:
    return {"rule": "rows_lost", "path": path, "reason": "drafts are not wanted", **({"until": until} if until else {})}


def test_an_exemption_lets_it_pass_and_stays_to_be_seen(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt()]}))
    world.checks.next_report(LOST)
    change = world.change()

    [report] = reports(world, change)
    assert report.findings[0].exempted == Exemption(
        "rows_lost", "migrations/versions/0007_*.py", "drafts are not wanted", date(2026, 12, 31)
    )
    assert report.idle == ()
    assert verdict(world, change) == ("passed", "1 new migration, up, down and up again; 1 exempted")
    assert "exempted until 2026-12-31: drafts are not wanted" in world.logs.tail(
        f"checks/{change.mergeable_tree()}/db-migrations"
    )


def test_an_exemption_that_lets_a_check_pass_is_on_the_record(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt(None)]}))
    world.checks.next_report(LOST)
    change = world.change()

    with world.store.reading() as tx:
        entries = [entry for entry in tx.audit_log.about(f"change {change.number}") if "db-migrations" in entry.reason]
    assert entries[-1].action == "check passed"
    place = "migrations/versions/0007_drafts.py:12"
    given = {"rule": "rows_lost", "place": place, "reason": "drafts are not wanted", "until": None}
    assert entries[-1].data == {"exempted": [given]}


def test_an_exemption_counts_until_the_end_of_its_day(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt("2026-01-01")]}))
    world.checks.next_report(LOST)
    change = world.change()

    [report] = reports(world, change)
    assert verdict(world, change)[0] == "failed"
    assert report.findings[0].exempted is None
    assert [each.until for each in report.idle] == [date(2026, 1, 1)]
    assert "ended on 2026-01-01: remove it from gate.yaml, or give it a new end" in world.logs.tail(
        f"checks/{change.mergeable_tree()}/db-migrations"
    )


def test_an_exemption_that_exempts_nothing_is_said(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt(path="migrations/versions/0008_*.py")]}))
    world.checks.next_report(LOST)
    change = world.change()

    assert verdict(world, change)[0] == "failed"
    assert "exempts nothing: remove it from gate.yaml, or correct its path" in world.logs.tail(
        f"checks/{change.mergeable_tree()}/db-migrations"
    )


def test_when_an_exemption_is_over_the_check_is_run_again(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt("2026-03-06")]}))
    world.checks.next_report(LOST)
    change = world.change()
    assert checking.recheck(world.ports, change, world.person("ada")) == []

    world.advance(days=2)
    assert checking.recheck(world.ports, change, world.person("ada")) == ["db-migrations"]
    world.settle()
    assert verdict(world, change)[0] == "failed"


def test_a_release_that_passed_by_an_exemption_is_refused_when_that_is_over(made: Made) -> None:
    world = made(policy=gate_yaml(proof={"exempt": [exempt("2026-03-06")]}))
    world.checks.next_report(LOST)
    world.ship_to_staging("feat: no drafts")
    world.prepare_release("v1.0.0")
    assert world.explain("v1.0.0", "tess").open

    world.advance(days=2)
    assert closed_as_explained(world, "v1.0.0", "tess", lambda: world.publish("v1.0.0")) == ("migrations_not_proved",)
    [reason] = world.explain("v1.0.0", "tess").reasons
    assert reason.sentence == (
        "The check db-migrations passed with an exemption that has ended: draft had 12 rows and has 0."
    )
