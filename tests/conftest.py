"""What every test runs under: a seed that is printed, no network but this machine's, and the product's SQLite."""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import staging_gate  # noqa: F401  # swaps SQLite where it is old, before any test imports it
from tests.house import network

TESTS = Path(__file__).parent
# These test rules and words: whatever they ask of the network is a mistake.
PURE = {"config", "domain", "messages"}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import settings

    examples = 1000 if os.environ.get("STAGING_GATE_TEST_ALL") else 100
    settings.register_profile("gate", deadline=None, derandomize=False, print_blob=True, max_examples=examples)
    settings.load_profile("gate")
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.randrange(2**32))


def pytest_report_header(config: pytest.Config) -> str:
    return (
        f"seed: {config.option.hypothesis_seed} (to repeat this run: --hypothesis-seed={config.option.hypothesis_seed})"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to tell beyond that they passed, such as at how many points something was killed.

    Counts are added up over all that tell of the same thing.
    """
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if isinstance(value, dict):
                sums[name].update(value)
            else:
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {name} {value}")
    seed = terminalreporter.config.option.hypothesis_seed
    for name, counts in sums.items():
        said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        terminalreporter.write_line(f"{name}: {said}, seed {seed}")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Chance that repeats: from the printed seed and the test's own name."""
    return random.Random(f"{request.config.option.hypothesis_seed}/{request.node.nodeid}")


@pytest.fixture(scope="session")
def in_full() -> bool:
    """Whether long loops run in full (`./gate test --all`) and not on a sample."""
    return "STAGING_GATE_TEST_ALL" in os.environ


@pytest.fixture(scope="session", autouse=True)
def _this_machine_only() -> Iterator[None]:
    with network.only(network.is_this_machine):
        yield


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.path.relative_to(TESTS).parts[0] not in PURE:
        yield
        return
    with network.only(lambda address: False):
        yield
