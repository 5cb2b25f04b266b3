"""The release calendar: when production is open, when it is closed and why, and when staging is cut off.

All of it is pure. Rules are written in local time and answered in UTC; see `local_time` for what happens between.
"""

from staging_gate.domain.calendar.cutoffs import last_cutoff, next_cutoff
from staging_gate.domain.calendar.local_time import spoken
from staging_gate.domain.calendar.nouns import Calendar, Freeze, Kind, Occurrence, WeeklyTime
from staging_gate.domain.calendar.occurrences import occurrences
from staging_gate.domain.calendar.openings import HORIZON, closures, in_window, is_open, next_opening, open_until
from staging_gate.domain.calendar.windows import CronWindow, WeeklyWindow, Window

__all__ = [
    "HORIZON",
    "Calendar",
    "CronWindow",
    "Freeze",
    "Kind",
    "Occurrence",
    "WeeklyTime",
    "WeeklyWindow",
    "Window",
    "closures",
    "in_window",
    "is_open",
    "last_cutoff",
    "next_cutoff",
    "next_opening",
    "occurrences",
    "open_until",
    "spoken",
]
