"""Staging Gate runs a team's deployment runbook: from a pull request through staging to a proved release, and back."""

import sqlite3
import sys
from contextlib import suppress

if sqlite3.sqlite_version_info < (3, 42):
    # Before anything else imports it: the engine's order of runs needs a clock finer than a second, which SQLite has
    # since 3.42, and two SQLite libraries on one file corrupt each other's locks. Where there is no wheel (macOS as a
    # client, ARM) the old one stays, and the engine refuses to start on it.
    with suppress(ImportError):
        import pysqlite3

        sys.modules["sqlite3"] = pysqlite3
        sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

__version__ = "0.1.0"
