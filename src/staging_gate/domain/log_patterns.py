"""What the runbook watches for in the logs of a service, by category."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

FIRST_MINUTES = timedelta(minutes=5)
"""How long after a rollback the logs are looked at."""

PATTERNS: Mapping[str, tuple[str, ...]] = {
    "authentication": ("JWT verification failed", "Invalid token", "Auth0 user lookup failed"),
    "database": ("Connection refused", "Migration failed", "Deadlock detected"),
    "application": ("Internal server error", "Unhandled exception", "Rate limit exceeded"),
}

LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b", re.IGNORECASE)
QUIET = frozenset({"TRACE", "DEBUG", "INFO", "NOTICE"})
"""Levels that nobody is to be woken for. A line without a level counts."""

_ANY = re.compile("|".join(re.escape(each) for patterns in PATTERNS.values() for each in patterns), re.IGNORECASE)
_PROPER = {each.lower(): each for patterns in PATTERNS.values() for each in patterns}
_CATEGORY = {each: category for category, patterns in PATTERNS.items() for each in patterns}


@dataclass(frozen=True)
class Found:
    """How often each pattern was there, the most frequent first, in so many lines."""

    counts: tuple[tuple[str, int], ...]
    lines: int

    @property
    def categories(self) -> frozenset[str]:
        return frozenset(_CATEGORY[pattern] for pattern, _ in self.counts)


def look_for_patterns(lines: Iterable[str]) -> Found:
    """A line counts once for each pattern that is in it, unless the first level that it names is a quiet one."""
    counts: Counter[str] = Counter()
    looked = 0
    for line in lines:
        looked += 1
        level = LEVEL.search(line)
        if level is None or level[1].upper() not in QUIET:
            counts.update({_PROPER[found.lower()] for found in _ANY.findall(line)})
    return Found(tuple(counts.most_common()), looked)


def both(one: Found, other: Found) -> Found:
    counts = Counter(dict(one.counts)) + Counter(dict(other.counts))
    return Found(tuple(counts.most_common()), one.lines + other.lines)
