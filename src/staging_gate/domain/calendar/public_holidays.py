"""Public holidays by country, from the `holidays` package."""

from datetime import date
from functools import lru_cache


@lru_cache(maxsize=256)
def holidays_of(code: str, year: int) -> dict[date, str]:
    """The public holidays of a country or a part of it (`GB`, `US-CA`) in a year, named as they are there.

    Raises NotImplementedError for a code that is not in the package; policies are read with care.
    """
    from holidays import country_holidays  # a quarter of a second, for those who ask for holidays only

    country, _, part = code.partition("-")
    return dict(country_holidays(country, subdiv=part or None, years=year))


def holidays_on(codes: tuple[str, ...], day: date) -> str:
    """The names of the day's holidays, nothing on other days. A holiday of several places is named once."""
    names = dict.fromkeys(name for code in codes if (name := holidays_of(code, day.year).get(day)))
    return ", ".join(names)
