"""What was recorded of providers, and what came of it, as a table at the end of the run."""

from collections import Counter

import pytest

from tests.adapters.specification import HEAD, TALLIES, Tally


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if tallies := config.stash.get(TALLIES, []):
        terminalreporter.section("what was recorded of providers")
        terminalreporter.line(HEAD)
        for provider in sorted({one.provider for one in tallies}):
            ends = sum((one.ends for one in tallies if one.provider == provider), Counter[str]())
            terminalreporter.line(str(Tally(provider, ends)))
