"""Tell people of a major release, long enough ahead. It can be done before the release is opened."""

from datetime import date

from staging_gate.domain.actor import Actor
from staging_gate.domain.announcement import Announcement
from staging_gate.domain.calendar.local_time import day_of
from staging_gate.domain.version import parse_tag
from staging_gate.messages import releases as words
from staging_gate.ports import Ports
from staging_gate.runbook import deciding
from staging_gate.runbook.changes import Unusable, one_line
from staging_gate.runbook.policy import needed_policy


def announce(ports: Ports, tag: str, planned_for: date, by: Actor, note: str = "") -> Announcement:
    """Say from which day on a release may come; saying it again puts it off or brings it forward.

    Raises Closed; Unusable for what is no release tag, is out already, or would come too soon.
    """
    deciding.through(deciding.on_announcing(ports, tag, by))
    calendar = needed_policy(ports).calendar
    if parse_tag(tag) is None:
        raise Unusable(f"{tag!r} is no release tag: it must be `v` and a semantic version, such as v2.0.0.")
    earliest = day_of(ports.clock.now() + calendar.announce_majors, calendar.time_zone)
    if planned_for < earliest:
        raise Unusable(words.announced_too_soon(tag, earliest, calendar.announce_majors))
    with ports.store.transaction() as tx:
        release = tx.releases.get(tag)
        if release is not None and release.is_tagged:
            raise Unusable(f"{tag} is {release.state} already: there is nothing to announce any more.")
        said = Announcement(tag, planned_for, tx.at, by.name, one_line(note))
        tx.announcements.add(said)
        tx.audit(by, "announced", tag, said.note, planned_for=planned_for.isoformat())
    return said
