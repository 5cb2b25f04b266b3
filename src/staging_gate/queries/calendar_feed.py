"""The calendar as iCalendar (RFC 5545), for calendar programs to subscribe to."""

from datetime import timedelta
from typing import TYPE_CHECKING

from staging_gate.domain.calendar import Calendar
from staging_gate.ports import Ports
from staging_gate.queries.calendar import Entry, entries
from staging_gate.runbook.policy import policy_in_force

if TYPE_CHECKING:
    from icalendar import Event

BACK, AHEAD = timedelta(weeks=8), timedelta(weeks=26)
REFRESH = timedelta(hours=1)


def feed(ports: Ports) -> bytes:
    """Eight weeks back, half a year ahead. The same thing has the same UID in every answer; times are in UTC, so
    no zone has to be explained."""
    from icalendar import Calendar as ICalendar  # a fifth of a second, for those who ask for a feed only

    policy, at = policy_in_force(ports), ports.clock.now()
    product = policy.product if policy else "product"
    written = ICalendar()
    written.add("prodid", "-//Staging Gate//release calendar//EN")
    written.add("version", "2.0")
    written.add("x-wr-calname", f"{product} releases")
    written.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for each in entries(ports, policy.calendar if policy else Calendar(), at - BACK, at + AHEAD):
        written.add_component(_event(each, product))
    return bytes(written.to_ical())


def _event(each: Entry, product: str) -> "Event":
    from icalendar import Event

    event = Event()
    event.add("uid", f"{each.key}@{product}.staging-gate")
    event.add("dtstamp", each.changed_at or each.starts_at)
    event.add("dtstart", each.starts_at)
    if each.ends_at > each.starts_at:
        event.add("dtend", each.ends_at)
    event.add("summary", f"{product}: {each.title}")
    event.add("categories", [each.kind])
    event.add("transp", "TRANSPARENT")
    if each.changed_at is not None:
        event.add("sequence", each.changes)  # programs take the one with the greatest
        event.add("last-modified", each.changed_at)
        event.add("status", "CANCELLED" if each.cancelled else "CONFIRMED")
    return event
