"""Whoever waits is woken by what it waits for, and by nothing else."""

from threading import Event

from staging_gate.adapters.clock import SystemClock
from staging_gate.wire.hints import Hints


def test_only_who_waits_for_it_is_woken() -> None:
    hints = Hints()
    with hints.awaiting("srv-1") as one, hints.awaiting("srv-1", "srv-2") as both, hints.awaiting("srv-3") as other:
        hints.tell("srv-1", "srv-9")
        assert [event.is_set() for event in (one, both, other)] == [True, True, False]
        one.clear()
        both.clear()
        hints.tell("srv-2")
        assert [event.is_set() for event in (one, both, other)] == [False, True, False]


def test_nobody_waits_any_more() -> None:
    hints = Hints()
    with hints.awaiting("srv-1") as one:
        pass

    hints.tell("srv-1")

    assert not one.is_set()
    assert not hints._waiting


def test_a_pause_ends_when_it_is_woken() -> None:
    woken = Event()
    woken.set()
    SystemClock().pause(3600, woken)
