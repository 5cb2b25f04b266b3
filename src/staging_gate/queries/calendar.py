"""The coming weeks: when production is open, what closes it, and which releases were and will be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from staging_gate.domain.announcement import Announcement, notice
from staging_gate.domain.calendar import (
    Calendar,
    Occurrence,
    closures,
    is_open,
    next_cutoff,
    next_opening,
    occurrences,
    open_until,
)
from staging_gate.domain.calendar.local_time import day_of, midnight
from staging_gate.domain.environment import Environment
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.release import Release
from staging_gate.messages import calendar as words
from staging_gate.messages.maintenance import in_calendar
from staging_gate.ports import Ports
from staging_gate.queries.waiting import Waiting, waiting
from staging_gate.runbook.policy import policy_in_force

RELEASE, MAINTENANCE = "release", "maintenance"
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """`key` stays the same for the same thing. `kind` is one of the calendar's, `maintenance` or `release`.

    `changes` is how often it was changed since people could read it, `changed_at` when it was last (None: it follows
    from the rules, and stands as it always did).
    """

    key: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    title: str
    environments: tuple[Environment, ...]
    changes: int = 0
    changed_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class Mark:
    """What one day shows of an entry."""

    kind: str
    text: str


@dataclass(frozen=True)
class Day:
    """A day as the clocks of the policy's zone have it."""

    date: date
    today: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class CalendarView:
    """Whole weeks from Monday, the present one first. `now` are sentences about this moment."""

    product: str | None
    zone: str
    at: datetime
    now: tuple[str, ...]
    days: tuple[Day, ...]
    entries: tuple[Entry, ...]


def calendar(ports: Ports, weeks: int) -> CalendarView:
    policy = policy_in_force(ports)
    rules, at = (policy.calendar if policy else Calendar()), ports.clock.now()
    zone = rules.time_zone
    today = day_of(at, zone)
    first = today - today.weekday() * A_DAY
    days = [first + number * A_DAY for number in range(7 * weeks)]
    all_of_it = entries(ports, rules, midnight(first, zone), midnight(days[-1] + A_DAY, zone))
    found = tuple(each for each in all_of_it if not each.cancelled)
    return CalendarView(
        product=policy.product if policy else None,
        zone=rules.zone,
        at=at,
        now=_now(rules, at),
        days=tuple(Day(day, day == today, tuple(_marks(found, day, zone))) for day in days),
        entries=found,
    )


def standing(rules: Calendar, environment: Environment, at: datetime) -> tuple[str, ...]:
    """How an environment stands now, in sentences; none where the calendar has nothing to do with it."""
    if environment is Environment.PRODUCTION:
        ruled = rules.production_windows or rules.holidays or rules.freezes
        return (_stands(rules, environment, at),) if ruled else ()
    told = () if is_open(rules, environment, at) else (_stands(rules, environment, at),)
    cutoff = next_cutoff(rules, at)
    return (*told, words.next_cutoff(cutoff, rules.time_zone)) if cutoff else told


def entries(ports: Ports, rules: Calendar, start: datetime, until: datetime) -> tuple[Entry, ...]:
    """Everything from `start` until before `until`, by when it starts; also what was cancelled."""
    with ports.store.reading() as tx:
        releases, announced = tx.releases.all(), tx.announcements.all()
        maintenances = tx.maintenances.between(start, until)
    found = [*_rules(rules, start, until), *_announced(rules, releases, announced)]
    found += [*_published(releases), *_waiting(releases, waiting(ports)), *map(_maintenance, maintenances)]
    return tuple(
        sorted(
            (e for e in found if e.starts_at < until and (e.ends_at > start or e.starts_at >= start)),
            key=lambda e: (e.starts_at, e.key),
        )
    )


def _rules(rules: Calendar, start: datetime, until: datetime) -> Iterator[Entry]:
    for each in occurrences(rules, start, until):
        yield Entry(_key(each), each.kind.value, each.starts_at, each.ends_at, words.title(each), each.environments)


def _key(each: Occurrence) -> str:
    """Of what and when; two freezes may begin together."""
    which = sha256(" ".join((each.title, *each.environments)).encode()).hexdigest()[:6] if each.title else ""
    return "-".join(filter(None, (each.kind.value, f"{each.starts_at:%Y%m%dT%H%MZ}", which)))


def _published(releases: list[Release]) -> Iterator[Entry]:
    for release in releases:
        if release.is_tagged and release.published_at is not None:
            yield _release(release.tag, release.published_at, words.published(release))


def _waiting(releases: list[Release], waits: tuple[Waiting, ...]) -> Iterator[Entry]:
    """Releases that start by themselves, where it is known when."""
    tags = {release.tag for release in releases}
    for each in waits:
        if each.subject in tags and each.until is not None:
            yield _release(each.subject, each.until, words.waits(each.subject))


def _announced(rules: Calendar, releases: list[Release], given: list[Announcement]) -> Iterator[Entry]:
    """What is not published yet, on the day for which it was announced last."""
    done = {release.tag for release in releases if release.is_tagged}
    for tag in dict.fromkeys(each.tag for each in given if each.tag not in done):
        told = notice([each for each in given if each.tag == tag])
        if told is not None:
            begins, ends = (midnight(day, rules.time_zone) for day in (told.planned_for, told.planned_for + A_DAY))
            environments = (Environment.PRODUCTION,)
            yield Entry(f"announcement-{tag}", RELEASE, begins, ends, words.announced(tag), environments)


def _maintenance(each: Maintenance) -> Entry:
    return Entry(
        key=f"maintenance-{each.id}",
        kind=MAINTENANCE,
        starts_at=each.starts_at,
        ends_at=each.ends_at,
        title=in_calendar(each),
        environments=(each.environment,),
        changes=each.changes,
        changed_at=each.changed_at or each.announced_at,
        cancelled=each.cancelled_at is not None,
    )


def _release(tag: str, at: datetime, said: str) -> Entry:
    return Entry(f"release-{tag}", RELEASE, at, at, said, (Environment.PRODUCTION,))


def _marks(found: tuple[Entry, ...], day: date, zone: ZoneInfo) -> Iterator[Mark]:
    begins, ends = midnight(day, zone), midnight(day + A_DAY, zone)
    for each in found:
        if each.starts_at < ends and (each.ends_at > begins or each.starts_at >= begins):
            yield Mark(each.kind, words.on_day(each.title, each.starts_at, each.ends_at, begins, zone))


def _now(rules: Calendar, at: datetime) -> tuple[str, ...]:
    told = [said for environment in reversed(Environment) for said in standing(rules, environment, at)]
    return tuple(told) or (words.NOTHING_STANDS,)


def _stands(rules: Calendar, environment: Environment, at: datetime) -> str:
    zone = rules.time_zone
    if is_open(rules, environment, at):
        return words.now_open(environment, open_until(rules, environment, at), zone)
    why = ", ".join(each.title for each in closures(rules, environment, at))
    return words.now_closed(environment, why, next_opening(rules, environment, at), zone)
