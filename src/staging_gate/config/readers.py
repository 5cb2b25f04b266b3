"""From what a person wrote to a value, or Unfit. Each takes a value of the tree."""

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from staging_gate.config.kind import Unfit, did_you_mean
from staging_gate.config.tree import Plain, quoted, shape

BRANCH = (
    r"(?=.{1,100}$)(?!.*(?:\.\.|\.lock(?:/|$)|\.(?:/|$)))[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*"
)
"""Narrower than git: no part begins with a dot or dash or ends in .lock; nothing is special to git or a shell."""
DURATION = r"([0-9]{1,7})([smhd])"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
REFERENCE = f"env:{VARIABLE}|file:/.+"
DATABASE = rf"env:{VARIABLE}|[A-Za-z_][A-Za-z0-9_-]{{0,62}}"

_LONGEST = timedelta(days=90)
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}

Mend = Callable[[str], str]
Option = TypeVar("Option", bound=StrEnum)


def text(value: object) -> str:
    if isinstance(value, Plain) and value.kind != "nothing":
        raise Unfit(f"put it in quotes: {quoted(value.text)}")
    if not isinstance(value, str):
        raise Unfit
    return value


def matching(pattern: str, mended: Mend = str.lower) -> Callable[[object], str]:
    """Reads text of that pattern; `mended` makes what the person may have meant."""

    def read(value: object) -> str:
        written = text(value)
        if re.fullmatch(pattern, written, re.ASCII):
            return written
        meant = mended(written)
        raise Unfit(f"did you mean {quoted(meant)}?" if re.fullmatch(pattern, meant, re.ASCII) else "")

    return read


def choice(options: type[Option]) -> Callable[[object], Option]:
    """Reads one of the options."""
    known = [option.value for option in options]

    def read(value: object) -> Option:
        written = text(value)
        if written in known:
            return options(written)
        raise Unfit(did_you_mean(written, known))

    return read


def known(names: Collection[str]) -> Callable[[object], str]:
    """Reads one of many names, too many to list in a sentence."""

    def read(value: object) -> str:
        written = text(value)
        if written not in names:
            raise Unfit(did_you_mean(written, list(names)))
        return written

    return read


def dashed(written: str) -> str:
    return re.sub(r"[\s_]+", "-", written.strip().lower())


def underscored(written: str) -> str:
    return re.sub(r"[\s-]+", "_", written.strip())


def lower_underscored(written: str) -> str:
    return underscored(written).lower()


def one_line(value: object) -> str:
    written = text(value)
    if not written.strip() or not written.isprintable():
        raise Unfit
    return written


def url_path(value: object) -> str:
    written = text(value)
    if re.fullmatch(r"/[!-~]*", written):
        return written
    raise Unfit("leave out the address: it is the target's" if "://" in written else "")


def file_in_tree(value: object) -> str:
    written = text(value)
    parts = written.split("/")
    if not written.isprintable() or not all(parts) or written.startswith("-") or {"..", "."} & set(parts):
        raise Unfit
    return written


def folder_in_tree(value: object) -> str:
    return file_in_tree(text(value).removesuffix("/"))


def place_of_a_dump(value: object) -> str:
    """Never in the tree: what a change brings along is no copy of production."""
    written = text(value)
    if re.fullmatch(f"env:{VARIABLE}", written, re.ASCII):
        return written
    if not written.startswith("/") or not written.isprintable() or {"..", "."} & set(written.split("/")):
        raise Unfit("a dump lies outside of the tree" if not written.startswith(("/", "env:")) else "")
    return written


def time_zone(value: object) -> str:
    written = text(value)
    try:
        ZoneInfo(written)
    except (ValueError, OSError, KeyError):
        raise Unfit(did_you_mean(written, sorted(available_timezones()))) from None
    return written


def duration(value: object) -> timedelta:
    if isinstance(value, Plain) and value.whole:
        raise Unfit(f"say the unit, as in {value.whole}s")
    match = re.fullmatch(DURATION, text(value), re.ASCII)
    if not match:
        raise Unfit
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if not length or length > _LONGEST:
        raise Unfit(f"it must be longer than nothing and at most {_LONGEST.days}d")
    return length


def duration_text(length: timedelta) -> str:
    """`90s`, `5m`, `24h`, `7d`: in the largest unit that is whole; a single day in hours."""
    seconds = int(length.total_seconds())
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0 and (unit != "d" or seconds > size))
    return f"{seconds // _UNITS[unit]}{unit}"


def port(value: object) -> int:
    number = _whole(value)
    if number not in (80, 443) and not 1024 <= number <= 65535:
        raise Unfit
    return number


def count(value: object) -> int:
    number = _whole(value)
    if not 1 <= number <= 99:
        raise Unfit("to ask nobody, leave the role out" if number == 0 else "")
    return number


def number(value: object) -> int:
    found = _whole(value)
    if not 1 <= found <= 10_000:
        raise Unfit("")
    return found


def as_written(value: object) -> str:
    """Text, and numbers and truth values as the text that stands there."""
    if isinstance(value, Plain) and value.kind != "nothing":
        return value.text
    return text(value)


def environ_value(value: object) -> str:
    """What was found is never shown: it may be secret."""
    try:
        written = as_written(value)
    except Unfit:
        raise Unfit('for an empty text write ""' if isinstance(value, Plain) else "", shape(value)) from None
    if "\0" in written:
        raise Unfit(instead="a text with a NUL character")
    if written.startswith("env:") and not re.fullmatch(f"env:{VARIABLE}", written, re.ASCII):
        raise Unfit(instead="env: without the name of a variable")
    if written.startswith("file:") and not written.startswith("file:/"):
        raise Unfit(instead="file: without a full path")
    return written


def address_reference(value: object) -> str:
    """What was found is never shown: an address holds passwords and tokens."""
    if isinstance(value, str) and re.fullmatch(REFERENCE, value, re.ASCII):
        return value
    if isinstance(value, str) and not value.startswith(("env:", "file:")):
        raise Unfit("put it into a variable or a file of the server, and name that here", "something else")
    raise Unfit(instead=shape(value) if not isinstance(value, str) else "env: or file: without a name")


def expected_value(value: object) -> str:
    written = as_written(value)
    if set(re.findall(r"\$\{?(\w+)", written)) - {"ENVIRONMENT"}:
        raise Unfit("the only variable here is $ENVIRONMENT")
    return written


def _whole(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]+", value):
        raise Unfit("leave out the quotes")
    if not isinstance(value, Plain) or value.whole is None:
        raise Unfit
    return value.whole
