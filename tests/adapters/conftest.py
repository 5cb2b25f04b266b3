"""What was recorded of providers, and what came of it, as a table at the end of the run."""

from collections import Counter

import pytest

from tests.adapters.specification import HEAD, TALLIES, Tally


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is told by recordings or a description is no test where those are not at hand."""
    empty = [item for item in items if any(_has_nothing_to_tell(mark) for mark in item.iter_markers("skip"))]
    if empty:
        config.hook.pytest_deselected(items=empty)
        items[:] = [item for item in items if item not in empty]


def _has_nothing_to_tell(mark: pytest.Mark) -> bool:
    return str(mark.kwargs.get("reason", "")).startswith("got empty parameter set")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if tallies := config.stash.get(TALLIES, []):
        terminalreporter.section("what was recorded of providers")
        terminalreporter.line(HEAD)
        for provider in sorted({one.provider for one in tallies}):
            ends = sum((one.ends for one in tallies if one.provider == provider), Counter[str]())
            terminalreporter.line(str(Tally(provider, ends)))
