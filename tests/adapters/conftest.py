"""What was recorded of providers, and what came of it, as a table at the end of the run."""

import pytest

from tests.adapters.specification import HEAD, TALLIES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if tallies := config.stash.get(TALLIES, []):
        terminalreporter.section("what was recorded of providers")
        terminalreporter.line(HEAD)
        for tally in sorted(tallies, key=lambda one: one.provider):
            terminalreporter.line(str(tally))
