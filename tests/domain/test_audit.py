"""The chain: whatever is changed in one entry is found at exactly that entry."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.audit import GENESIS, Anchor, AuditEntry, ChainReport, parse_anchor, verify_chain

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
words = st.text(max_size=12)
drafts = st.builds(
    AuditEntry,
    seq=st.just(0),
    at=st.integers(0, 10**6).map(lambda seconds: AT + timedelta(seconds=seconds)),
    actor=words,
    action=words,
    subject=words,
    reason=words,
    data=st.dictionaries(st.text(max_size=4), json, max_size=3),
)


def chained(some: Sequence[AuditEntry]) -> list[AuditEntry]:
    head, chain = GENESIS, []
    for seq, draft in enumerate(some, 1):
        numbered = replace(draft, seq=seq)
        head = numbered.digest(head)
        chain.append(replace(numbered, hash=head))
    return chain


chains = st.lists(drafts, min_size=1, max_size=6).map(chained)


@given(chains)
def test_what_nobody_touched_is_intact(chain: list[AuditEntry]) -> None:
    assert verify_chain(chain) == ChainReport(len(chain), chain[-1].hash)
    assert verify_chain(chain).intact


def test_the_empty_chain_is_intact() -> None:
    assert verify_chain([]) == ChainReport(0, GENESIS)


@given(chains, st.data())
def test_any_field_that_is_changed_is_found_at_that_entry(chain: list[AuditEntry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(AuditEntry)]))
    was = getattr(chain[place], name)
    forged = [*chain]
    over: dict[str, Any] = {name: another(was)}
    forged[place] = replace(chain[place], **over)
    report = verify_chain(forged)

    assert not report.intact
    assert report.entries == place, "the entries before it still hold"
    assert report.head == (chain[place - 1].hash if place else GENESIS)
    assert report.broken_at == forged[place].seq


def another(value: object) -> object:
    """Almost the same."""
    match value:
        case str():
            return value + "x"
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case dict():
            return {**value, "forged": None}
    raise AssertionError(value)


@given(chains, st.data())
def test_a_removed_entry_is_missed(chain: list[AuditEntry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    report = verify_chain([*chain[:place], *chain[place + 1 :]])

    if place == len(chain) - 1:
        assert report.intact, (
            "that the last ones are gone only an anchor outside shows: the tags and the store's counter"
        )
        assert report.head != chain[-1].hash
    else:
        assert (report.entries, report.broken_at, report.why) == (place, place + 2, f"entry {place + 1} is missing")


@given(st.lists(drafts, min_size=2, max_size=6).map(chained), st.data())
def test_two_entries_that_changed_places_are_found(chain: list[AuditEntry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 2))
    one, other = chain[place], chain[place + 1]
    swapped = [*chain]
    swapped[place], swapped[place + 1] = replace(other, seq=one.seq), replace(one, seq=other.seq)
    same = replace(other, seq=0, hash="") == replace(one, seq=0, hash="") and other.hash == one.hash

    assert verify_chain(swapped).intact == same


@given(chains, drafts)
def test_an_entry_that_was_put_in_between_is_found(chain: list[AuditEntry], more: AuditEntry) -> None:
    """Even one that follows from its predecessor: the next one does not follow from it."""
    first = chain[0]
    forged = replace(more, seq=2)
    forged = replace(forged, hash=forged.digest(first.hash))
    later = [replace(entry, seq=entry.seq + 1) for entry in chain[1:]]
    report = verify_chain([first, forged, *later])

    assert report.intact == (not later)


def test_a_digest_is_what_anybody_can_compute() -> None:
    """Published: SHA-256 of canonical JSON. A change of it would break every record that is kept."""
    entry = AuditEntry(1, AT, "ada", "merged", "change 7", "feat: dark mode", {"commit": "abc", "n": [1, None]})

    text = f'["{GENESIS}",1,"2026-03-05T10:00:00+00:00","ada","merged","change 7","feat: dark mode",'
    text += '{"commit":"abc","n":[1,null]}]'
    assert entry.digest(GENESIS) == hashlib.sha256(text.encode()).hexdigest()


# --- anchors -----------------------------------------------------------------------------------------------------


def anchored(chain: Sequence[AuditEntry], seq: int) -> Anchor:
    return Anchor("the tag v1.0.0", seq, chain[seq - 1].hash)


@given(chains, st.data())
def test_a_record_that_was_rewritten_as_a_whole_is_told_on_by_an_anchor(
    chain: list[AuditEntry], data: st.DataObject
) -> None:
    """Whoever can write the database can compute every hash anew."""
    seq = data.draw(st.integers(1, len(chain)))
    forged_at = data.draw(st.integers(1, seq))
    drafts = [replace(e, reason=e.reason + "x") if e.seq == forged_at else e for e in chain]
    forged = chained(drafts)

    assert verify_chain(forged).intact
    report = verify_chain(forged, [anchored(chain, seq)])
    assert (report.entries, report.broken_at) == (seq - 1, seq)
    was, now = chain[seq - 1].hash[:12], forged[seq - 1].hash[:12]
    assert report.why == f"the tag v1.0.0 remembers another entry {seq} (hash {was}, not {now})"
    assert verify_chain(chain, [anchored(chain, seq)]) == ChainReport(len(chain), chain[-1].hash, anchors=1)


@given(chains)
def test_that_the_last_entries_are_gone_an_anchor_shows(chain: list[AuditEntry]) -> None:
    last = len(chain)
    report = verify_chain(chain[:-1], [anchored(chain, last)])

    assert report.broken_at == last
    assert report.why == f"the tag v1.0.0 has seen entry {last}, but the record ends at {last - 1}"


def test_an_anchor_is_the_last_line_of_a_text() -> None:
    """Above it people write: their notes can bring none of their own."""
    line, other = f"Gate-Audit: 42 {'f' * 64}", f"Gate-Audit: 1 {'0' * 64}"

    assert parse_anchor("v1.0.0", f"Release v1.0.0\n\n{other}\n\n{line}\n") == Anchor("v1.0.0", 42, "f" * 64)
    assert parse_anchor("v1.0.0", f"Release v1.0.0\n\n{other}\n\nthe end\n") is None
    assert parse_anchor("v1.0.0", "") is None
