"""From what a person wrote about times to a value of the calendar, or Unfit."""

import re
from datetime import date, datetime, time, timedelta

from cronsim import CronSim, CronSimError

from staging_gate.config.kind import Unfit, did_you_mean
from staging_gate.config.readers import duration, duration_text, text
from staging_gate.config.tree import found, quoted
from staging_gate.domain.calendar import CronWindow, WeeklyTime, WeeklyWindow, Window

DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
TIME = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
WEEKLY_TIME = f"({DAY}) ({TIME})"
WINDOW = f"({DAY}(?:-{DAY})?(?:,{DAY}(?:-{DAY})?)*) ({TIME})-({TIME}|24:00)"
DAY_ALONE = "2[0-9]{3}-[0-9]{2}-[0-9]{2}"
MOMENT = f"(2[0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}})(?:[ T]({TIME}))?"

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_CRON = 200
_LONGEST_WINDOW = timedelta(days=7)
_SOME_DAY = datetime.fromisoformat("2000-01-01")


def weekly_time(value: object) -> WeeklyTime:
    """`wed 17:00`."""
    match = _matched(WEEKLY_TIME, value)
    return WeeklyTime(_DAYS.index(match[1]), _time(match[2]))


def window(value: object) -> Window:
    """`mon-thu 9:00-17:00`, `fri,sat 22:00-02:00`, or a mapping of a cron expression and how long it is open."""
    return _cron_window(value) if isinstance(value, dict) else _weekly_window(value)


def window_text(window: Window) -> object:
    if isinstance(window, CronWindow):
        return {"cron": window.cron, "for": duration_text(window.length)}
    return str(window)


def moment(value: object) -> date | datetime:
    """A local date, or a local date and time; a datetime is naive."""
    written = text(value)
    match = re.fullmatch(MOMENT, written, re.ASCII)
    if not match:
        zoned = re.fullmatch(f"{MOMENT}.*(?:Z|[+-][0-9:]+)", written, re.ASCII)
        raise Unfit("leave the offset out: times are those of `time_zone`" if zoned else "")
    try:
        day = date.fromisoformat(match[1])
    except ValueError as no_such_day:
        raise Unfit(str(no_such_day)) from None
    return datetime.combine(day, _time(match[2])) if match[2] else day


def day(value: object) -> date:
    written = text(value)
    found_day = moment(value) if re.fullmatch(DAY_ALONE, written, re.ASCII) else None
    if found_day is None:
        raise Unfit("leave the time out: the whole day counts" if re.fullmatch(MOMENT, written, re.ASCII) else "")
    return found_day


def moment_text(moment: date | datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()


def edge(moment: date | datetime, ends: bool = False) -> datetime:
    """The local time that is meant: a date begins at midnight, and something that ends on it lasts to its end."""
    if isinstance(moment, datetime):
        return moment
    return datetime.combine(moment + timedelta(days=1) if ends else moment, time())


def places(value: object) -> tuple[str, ...]:
    """Countries and parts of them, as one text or a list."""
    return tuple(_place(each) for each in value) if isinstance(value, list) else (_place(value),)


def _weekly_window(value: object) -> WeeklyWindow:
    match = _matched(WINDOW, value)
    opens, closes = _time(match[2]), _time(match[3])
    if opens == closes and match[3] != "24:00":
        raise Unfit("it never opens; the whole day is 00:00-24:00")
    return WeeklyWindow(tuple(sorted({day for part in match[1].split(",") for day in _days(part)})), opens, closes)


def _days(written: str) -> list[int]:
    """`thu`, `mon-thu`, `fri-mon`."""
    first, _, last = written.partition("-")
    start, end = _DAYS.index(first), _DAYS.index(last or first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def _cron_window(value: dict[str, object]) -> CronWindow:
    if value.keys() != {"cron", "for"}:
        raise Unfit(_wrong_keys(list(value)), "a mapping")
    try:
        length = duration(value["for"])
    except Unfit as unfit:
        raise Unfit(f"`for` is a duration such as 90m or 6h; {unfit.hint}".rstrip("; "), found(value["for"])) from None
    if length > _LONGEST_WINDOW:
        raise Unfit(f"`for` is at most {duration_text(_LONGEST_WINDOW)}", found(value["for"]))
    return CronWindow(_cron(value["cron"]), length)


def _wrong_keys(keys: list[str]) -> str:
    for key in keys:
        if key not in ("cron", "for"):
            return f"unknown key {quoted(key)}, " + (did_you_mean(key, ["cron", "for"]) or "known here: cron, for")
    return f"missing: {'for' if 'cron' in keys else 'cron'}"


def _cron(value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("`cron` is text: put it in quotes", found(value))
    fields = value.split()
    if len(fields) != 5 or len(value) > _LONGEST_CRON:
        text = "five fields: minute, hour, day of the month, month, day of the week"
        raise Unfit(f"`cron` has {text}", found(value))
    try:
        opens = next(CronSim(value, _SOME_DAY), None)
    except CronSimError as wrong:
        raise Unfit(f"`cron` has a {str(wrong).lower()}", found(value)) from None
    if opens is None:
        raise Unfit("it never opens", found(value))
    return " ".join(fields)


def _place(value: object) -> str:
    import holidays  # a quarter of a second, for policies that name holidays only

    written = text(value)
    known = holidays.list_supported_countries()
    country, _, part = written.partition("-")
    if country not in known:
        raise Unfit(did_you_mean(written, list(known)))
    if part and part not in known[country]:
        raise Unfit(f"parts of {country}: {', '.join(known[country])}" if known[country] else f"{country} has no parts")
    return written


def _matched(pattern: str, value: object) -> re.Match[str]:
    written = text(value)
    if match := re.fullmatch(pattern, written, re.ASCII):
        return match
    meant = _tidied(written)
    raise Unfit(f"did you mean {quoted(meant)}?" if re.fullmatch(pattern, meant, re.ASCII) else "")


def _tidied(written: str) -> str:
    """Small letters, three of each day, no spaces where none belong, minutes for hours alone."""
    tidy = re.sub(rf"({DAY})[a-z]*", r"\1", written.strip().lower())
    tidy = re.sub(r"\s*(?:-|–|to)\s*", "-", re.sub(r"\s*,\s*", ",", tidy))
    return re.sub(r"(?<![:0-9])([0-9]{1,2})(?![:0-9])", r"\1:00", re.sub(r"\s+", " ", tidy))


def _time(written: str) -> time:
    hour, minute = written.split(":")
    return time(int(hour) % 24, int(minute))
