"""The worlds of the stories, for looking at."""

from tests.runbook.conftest import beginnings, merged, postgres, pytest_generate_tests, released, two, world

__all__ = ["beginnings", "merged", "postgres", "pytest_generate_tests", "released", "two", "world"]
