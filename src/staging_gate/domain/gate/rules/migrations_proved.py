"""The database migrations of this very tree were tested."""

from datetime import date, datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.calendar.local_time import day_of
from staging_gate.domain.check import Verdict
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts, ReleaseFacts
from staging_gate.domain.policy import Policy, Requirement

CHECK = "db-migrations"


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or Requirement.MIGRATIONS_PROVED not in policy.production.requires:
        return None
    check = release.checks.get(CHECK)
    if check is not None and check.verdict is Verdict.PASSED:
        return _lapsed(release, day_of(at, policy.calendar.time_zone), facts)
    found = f"{check.verdict}: {check.summary}" if check else "no result for this tree"
    return Reason(
        "migrations_not_proved",
        f"The migrations of this code are not proved: the check {CHECK} has not passed on it.",
        f"Mend them in staging, or run the check again: `gate change recheck {_change(facts)}`.",
        (f"{CHECK}: {found}",),
        bypass=("tech_lead",),
    )


def _lapsed(release: ReleaseFacts, day: date, facts: Facts) -> Reason | None:
    """It passed by an exemption, which counts until a day and no longer."""
    lapsed = [finding for report in release.migrations for finding in report.lapsed(day)]
    if not lapsed:
        return None
    return Reason(
        "migrations_not_proved",
        f"The check {CHECK} passed with an exemption that has ended: {lapsed[0].what}.",
        f"Mend them in staging; or give the exemption a new end in gate.yaml, then `gate change recheck "
        f"{_change(facts)}`.",
        tuple(f"{each.place}: {each.exempted.rule} until {each.exempted.until}" for each in lapsed if each.exempted),
        bypass=("tech_lead",),
    )


def _change(facts: Facts) -> int | str:
    """The release's change, where the check is run."""
    if facts.change is not None:
        return facts.change.number
    release = facts.release.release if facts.release else None
    return release.change if release and release.change else "NUMBER"
