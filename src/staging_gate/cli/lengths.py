"""Lengths of time as people type them: 90s, 30m, 2h, 3d."""

import re
from datetime import timedelta

import click

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def short(length: timedelta) -> str:
    """As it is typed: 90s, 15m, 2h, 3d."""
    seconds = int(length.total_seconds())
    unit = next((unit for unit, size in reversed(_SECONDS.items()) if seconds and seconds % size == 0), "s")
    return f"{seconds // _SECONDS[unit]}{unit}"


class Length(click.ParamType[timedelta]):
    name = "length"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})([smhd])", str(value), re.ASCII)
        if found is None:
            self.fail(f"wanted a length such as 90s, 30m, 2h or 3d, found {value!r}", param, ctx)
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


LENGTH = Length()
