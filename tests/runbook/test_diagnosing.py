"""Migrations that fail say why, by themselves; where the place is at fault, the release is not marked bad."""

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.diagnosis import Answer, Cause, Next, Suspect
from staging_gate.domain.release import ReleaseState
from staging_gate.messages import diagnoses as words
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.runbook import diagnosing, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.testing.world import World

FAILED = Refused(
    "The migrations of api failed in production: `alembic upgrade head` ended with exit code 1.", "last words"
)
HEADS = Suspect(
    Cause.SEVERAL_HEADS,
    Answer.CONFIRMED,
    "There are 2 last revisions (0002, 0003), so which to go to is not known.",
    ("migrations/versions/0003.py:1: it is a second head",),
    (Next("a migration that joins them", "alembic merge 0002 0003"),),
)
LOCK = Suspect(
    Cause.LOCK_TIMEOUT,
    Answer.CONFIRMED,
    "Somebody else held a lock for longer than a migration waits for one.",
    ("session 7 of shop (reports) holds orders",),
    (Next("end it", "SELECT pg_terminate_backend(7);"),),
)
WELL = Suspect(Cause.DISK_FULL, Answer.RULED_OUT, "No full disk was seen.", ("12 GB left",))
OPEN = Suspect(Cause.PARTLY_APPLIED, Answer.UNKNOWN, "The database can not be looked into.")


def fails(world: World, *found: Suspect) -> str:
    world.target.known.suspects = list(found)
    world.production.next_call_fails("upgrade_schema", FAILED)
    return world.publish("v1.1.0").id


def test_the_cause_is_in_the_failure_and_what_to_do_in_the_evidence(merged: World) -> None:
    failed = merged.deployment(fails(merged, HEADS, WELL, OPEN))

    assert failed.state is DeploymentState.FAILED
    assert failed.failure == f"{FAILED.message} {HEADS.says}"
    assert failed.evidence.splitlines() == [
        "last words",
        "",
        f"The migrations of api in production ({failed.id})",
        f"  ! several heads: {HEADS.says}",
        "      migrations/versions/0003.py:1: it is a second head",
        "    > a migration that joins them",
        "      alembic merge 0002 0003",
    ]
    assert merged.production.live() == "v1.0.0"


def test_a_release_whose_migrations_are_wrong_is_bad(merged: World) -> None:
    fails(merged, HEADS)
    assert releasing.get(merged.ports, "v1.1.0").state is ReleaseState.FAILED


def test_a_lock_of_somebody_else_does_not_make_the_release_bad(merged: World) -> None:
    failed = merged.deployment(fails(merged, LOCK))

    assert failed.state is DeploymentState.ERRORED
    assert "SELECT pg_terminate_backend(7);" in failed.evidence
    assert releasing.get(merged.ports, "v1.1.0").state is ReleaseState.PUBLISHED
    with merged.store.reading() as tx:
        assert tx.releases.quarantines() == []


def test_what_nobody_can_explain_stays_as_it_was_said(merged: World) -> None:
    merged.production.next_call_fails("diagnose_schema", Unavailable("The build is gone."))
    failed = merged.deployment(fails(merged))

    assert (failed.failure, failed.evidence) == (FAILED.message, "last words")


def test_without_a_cause_it_says_so(merged: World) -> None:
    failed = merged.deployment(fails(merged, WELL))

    assert failed.failure == FAILED.message
    assert failed.evidence.endswith("No known cause was found. The whole of what they said is in the log of the step.")


def test_a_person_asks_again_about_the_last_failure(merged: World) -> None:
    id = fails(merged, HEADS, WELL, OPEN)
    [found] = diagnosing.diagnose(merged.ports, None, None, merged.person("ada"))

    assert (found.deployment, found.service, found.confirmed) == (id, "api", (HEADS,))
    assert list(words.lines(found))[-3:] == [
        "      alembic merge 0002 0003",
        "  ? partly applied: The database can not be looked into.",
        "  - disk full: No full disk was seen.",
    ]


def test_any_deployment_can_be_asked_about(released: World) -> None:
    [found] = diagnosing.diagnose(released.ports, "staging-1", "api", released.person("ada"))
    assert (found.deployment, found.environment) == ("staging-1", "staging")


def test_what_can_not_be_asked(released: World) -> None:
    ada = released.person("ada")
    with pytest.raises(Unusable, match="No deployment has failed lately: name one"):
        diagnosing.diagnose(released.ports, None, None, ada)
    with pytest.raises(Unknown, match="There is no deployment staging-9"):
        diagnosing.diagnose(released.ports, "staging-9", None, ada)
    with pytest.raises(Unknown, match="There is no service web in staging-1"):
        diagnosing.diagnose(released.ports, "staging-1", "web", ada)
    with pytest.raises(Closed):
        diagnosing.diagnose(released.ports, "staging-1", None, released.person("a stranger"))
