"""The worlds of the stories, for looking at."""

from tests.runbook.conftest import beginnings, made, merged, postgres, pytest_generate_tests, released, two, world

__all__ = ["beginnings", "made", "merged", "postgres", "pytest_generate_tests", "released", "two", "world"]
