"""The record against what the release tags remember of it."""

from sqlalchemy import select, update

from staging_gate.domain.audit import GENESIS, AuditEntry
from staging_gate.engine import connect, writing
from staging_gate.ports.code_host import TagOrder
from staging_gate.queries.record import verify
from staging_gate.store import tables
from staging_gate.testing.world import DATABASE, World


def test_an_honest_record_agrees_with_every_release(two: World) -> None:
    report = verify(two.ports)

    assert report.intact
    assert report.anchors == 2


def test_a_record_that_was_rewritten_is_found_through_a_tag(two: World) -> None:
    """Somebody with the database file removes what he did, and computes every hash anew."""
    rewrite(two, {"approved as tech_lead": "ben"})
    report = verify(two.ports)

    assert not report.intact
    assert report.broken_at
    assert report.why.startswith(f"the tag v1.0.0 remembers another entry {report.broken_at} (hash ")


def test_a_tag_of_another_installations_record_is_none_of_ours(released: World) -> None:
    commit = released.revision("v1.0.0").commit
    foreign = f"Release v0.9.0\n\nGate-Audit: 7 {'f' * 64}\n"
    released.code_host.create_tag(TagOrder("v0.9.0", commit, foreign, "eve", released.clock.now()))

    assert verify(released.ports).intact


def rewrite(world: World, actors: dict[str, str]) -> None:
    """Say that others did these acts, and make the chain follow from itself again."""
    database = connect(f"sqlite:///{world.folder / DATABASE}")
    with writing(database) as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_is_not_updated")
        previous = GENESIS
        for row in connection.execute(select(tables.audit).order_by(tables.audit.c.seq)).mappings().all():
            entry = AuditEntry(**{**row, "actor": actors.get(row["action"], row["actor"])})
            previous = entry.digest(previous)
            changed = {"actor": entry.actor, "hash": previous}
            connection.execute(update(tables.audit).where(tables.audit.c.seq == entry.seq).values(**changed))
    database.dispose()
