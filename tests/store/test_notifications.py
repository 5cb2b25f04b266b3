"""Notices and their deliveries: once each, the urgent ones first, claimed by one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from staging_gate.domain.notification import Delivery, Notice, Notification
from staging_gate.ports.store import Stale
from staging_gate.store import SqlStore
from tests.store import nouns
from tests.store.test_round_trip import bare

NEW: Notice = replace(bare(nouns.NOTICE), step="opened", subject="v1.4.0")


def test_a_notice_reads_back_and_has_a_number(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.notices.add(nouns.NOTICE)
        tx.notices.add(NEW)
    with store.reading() as tx:
        assert tx.notices.about("change 7") == [nouns.NOTICE]
        assert tx.notices.get(2) == replace(NEW, id=2)
        assert tx.notices.get(3) is None


def test_a_step_is_told_once(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.notices.add(NEW)
        with pytest.raises(Stale, match=r"It was told already: opened of v1\.4\.0"):
            tx.notices.add(replace(NEW, body="again"))


def test_pages_are_looked_up_first(store: SqlStore) -> None:
    page = replace(NEW, step="page", page=True)
    with store.transaction() as tx:
        for notice in (NEW, page, nouns.NOTICE):
            tx.notices.add(notice)
    with store.reading() as tx:
        assert [notice.step for notice in tx.notices.unaddressed()] == ["page", "opened"]


def test_a_page_waits_from_when_it_has_recipients_until_somebody_acknowledges_it(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.notices.add(replace(NEW, page=True))
    with store.transaction() as tx:
        (new,) = tx.notices.unaddressed()
        assert tx.notices.unacknowledged() == []
        tx.notices.update(replace(new, addressed_at=nouns.later(1)), new)
        with pytest.raises(Stale, match="Somebody else has seen to notice 1"):
            tx.notices.update(replace(new, addressed_at=nouns.later(2)), new)
    with store.transaction() as tx:
        (waits,) = tx.notices.unacknowledged()
        tx.notices.update(replace(waits, acknowledged_at=nouns.later(3), acknowledged_by="ada"), waits)
        assert tx.notices.unacknowledged() == []


def test_a_notification_reads_back_and_goes_to_each_once(store: SqlStore) -> None:
    first: Notification = bare(nouns.NOTIFICATION)
    with store.transaction() as tx:
        tx.notices.add(nouns.NOTICE)
        tx.notifications.add(nouns.NOTIFICATION)
        tx.notifications.add(first)
        with pytest.raises(Stale, match="Notice 1 goes to grace already"):
            tx.notifications.add(first)
    with store.reading() as tx:
        assert tx.notifications.of([1]) == [nouns.NOTIFICATION, replace(first, id=2)]
        assert tx.notifications.of([]) == tx.notifications.of([9]) == []
        assert [one.id for one in tx.notifications.recent(1)] == [2]
        assert tx.notifications.get(3) is None


def test_one_claims_what_is_due(store: SqlStore) -> None:
    plain: Notification = bare(nouns.NOTIFICATION)
    later_on = replace(plain, recipient="ada", due_at=plain.due_at + timedelta(hours=1))
    with store.transaction() as tx:
        tx.notices.add(nouns.NOTICE)
        for one in (plain, replace(plain, recipient="ben", page=True), later_on):
            tx.notifications.add(one)
    with store.transaction() as tx:
        due = tx.notifications.due(plain.due_at)
        assert [one.recipient for one in due] == ["ben", "grace"]
        claimed = replace(due[0], attempts=1, due_at=nouns.later(200))
        tx.notifications.update(claimed, due[0])
        with pytest.raises(Stale, match="Somebody else sends notification 2"):
            tx.notifications.update(claimed, due[0])
        assert [one.recipient for one in tx.notifications.due(plain.due_at)] == ["grace"]


def test_what_could_not_be_delivered_is_found(store: SqlStore) -> None:
    plain: Notification = bare(nouns.NOTIFICATION)
    tried = replace(plain, recipient="ada", attempts=1, problem="no connection")
    given_up = replace(tried, recipient="ben", state=Delivery.FAILED)
    with store.transaction() as tx:
        tx.notices.add(nouns.NOTICE)
        for one in (plain, tried, given_up, nouns.NOTIFICATION):
            tx.notifications.add(one)
    with store.reading() as tx:
        assert [one.recipient for one in tx.notifications.undelivered(nouns.AT)] == ["ada", "ben"]
        assert [one.recipient for one in tx.notifications.undelivered(nouns.later(500))] == ["ada"]
