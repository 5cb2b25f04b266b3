"""The chain: whatever is changed in one entry is found at exactly that entry."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.audit import GENESIS, AuditEntry, ChainReport, verify_chain

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
