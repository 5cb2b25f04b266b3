"""What backups of databases say about themselves."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from staging_gate.domain.backup import Backup, BackupProof, RestorePlan, RestoreStep
from staging_gate.domain.deployment import Deployment

NOTHING_NEW = "no migration is new, or nothing is in the database yet"


def made(backup: Backup) -> str:
    """For the timeline and the record."""
    return f"{size(backup)} in {backup.seconds:.1f} s, {proved(backup)}; {kept_until(backup)}"


def proved(backup: Backup) -> str:
    held = f"{_counted(backup.tables, 'table')}, {_counted(backup.rows, 'row')}"
    at = f" at {', '.join(backup.revisions)}" if backup.revisions else ""
    if backup.proof is BackupProof.RESTORED:
        return f"restored for proof: {held}{at}"
    why = f": {backup.note.rstrip('.')}" if backup.note else ""
    return f"listed, not restored for proof{why}: {held}{at}"


def kept_until(backup: Backup) -> str:
    if backup.removed_at:
        return f"removed on {backup.removed_at:%Y-%m-%d}"
    return f"kept until {backup.remove_at:%Y-%m-%d}" if backup.remove_at else "kept"


def size(backup: Backup) -> str:
    if backup.size < 1_000_000:
        return f"{max(backup.size / 1000, 0.1):.1f} kB"
    return f"{backup.size / 1_000_000:,.1f} MB"


def none_by_policy(because: str) -> str:
    return f"none, by gate.yaml: {because}"


def removed(backup: Backup) -> str:
    return f"the backup of {backup.service} for {backup.deployment} was kept until {backup.remove_at:%Y-%m-%d}"


def no_backups(deployment: str) -> str:
    return (
        f"{deployment} has no backup that is still there: none was made where no migration was new. "
        "`gate backups list` shows those that are."
    )


def no_backup_at_all() -> str:
    return (
        "There is no backup: one is made in production before migrations that are new. Nothing to restore from is "
        "known here; look at what your database's provider keeps."
    )


def lost(backups: Sequence[Backup]) -> str:
    """The price of restoring."""
    first = min(backups, key=lambda one: one.at)
    return f"What was written since {first.at:%Y-%m-%d %H:%M:%S} UTC is not in it, and is lost to the service."


def file_is_gone(backup: Backup) -> str:
    return f"The file of this backup is gone: {backup.file}. Somebody has removed it, or the disk was changed."


@dataclass(frozen=True)
class Around:
    """What a restore stands in: the deployment that is undone, and what was live `before` it. `stays`: that is live
    still, or again. `quarantined` is the release of the deployment; `holds` are in force."""

    broken: Deployment
    before: Deployment | None
    stays: bool
    quarantined: bool
    holds: tuple[str, ...] = ()


def before_restoring(around: Around) -> tuple[RestoreStep, ...]:
    broken, why = around.broken, _why(around.broken)
    if around.stays and broken.release:
        quarantine = shlex.join(["gate", "release", "quarantine", broken.release, "--reason", why])
        first = RestoreStep("Nobody deploys it again meanwhile", (quarantine,))
        stop = () if around.quarantined else (first,)
    else:
        hold = ["gate", "hold", "set", "--environment", str(broken.environment), "--reason", why]
        stop = (RestoreStep("Nothing is promoted meanwhile", (shlex.join(hold),)),)
    down = "Nobody writes while it is restored: services, proxies and Staging Gate stop, also in staging"
    return (*stop, RestoreStep(down, ("gate down",)))


def restore(backup: Backup) -> str:
    at = f"{backup.at:%Y-%m-%d %H:%M:%S} UTC"
    return f"The database of {backup.service} as it was on {at} ({proved(backup)}); what is there now stays beside it"


def after_restoring(around: Around) -> tuple[RestoreStep, ...]:
    broken, why = around.broken, _why(around.broken)
    told = shlex.join(["gate", "backups", "restored", broken.id, "--reason", why])
    return (
        RestoreStep("Staging Gate again, as you always start it", ("gate up",)),
        RestoreStep("It knows which migrations the database has now", (told,)),
        *_lifted(around),
        _release_to_go_to(around),
        RestoreStep("Staging was stopped too", ("gate redeploy staging",)),
    )


def _lifted(around: Around) -> tuple[RestoreStep, ...]:
    """What is live is deployed again, and a hold would keep that out; a rollback is never held."""
    if not around.stays or not around.holds:
        return ()
    lifts = [shlex.join(["gate", "hold", "lift", id, "--reason", _why(around.broken)]) for id in around.holds]
    return (RestoreStep("What is held could not be deployed again", tuple(lifts)),)


def _release_to_go_to(around: Around) -> RestoreStep:
    if around.before is None:
        return RestoreStep("Nothing of ours ran before it: start what did", ())
    if around.stays:
        return RestoreStep(f"{_name(around.before)} is what ran, and runs again", ("gate redeploy production --wait",))
    back = ["gate", "rollback", _name(around.before), "--reason", _why(around.broken)]
    return RestoreStep(f"{_name(around.before)} is what fits that database", (shlex.join(back),))


def _why(broken: Deployment) -> str:
    return f"the database is restored to before {broken.release or broken.id}"


def _name(deployment: Deployment) -> str:
    return deployment.release or deployment.revision.short


def plan_lines(plan: RestorePlan) -> Iterator[str]:
    """A shell script that people read: what is said is a comment."""
    yield f"# Brings the databases back to before {plan.deployment}. To be run on the server's machine, line by line."
    yield f"# {plan.lost}"
    for number, step in enumerate(plan.steps, 1):
        yield ""
        yield f"# {number}. {step.why}"
        yield from step.commands


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
