from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from tests.adapters.github.connecting import connected, github_stand_in


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def github(tmp_path: Path, clock: MovableClock) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, clock) as stand_in:
        yield stand_in


@pytest.fixture
def host(github: GitHubStandIn, tmp_path: Path) -> Iterator[GitHubCodeHost]:
    host = connected(github, tmp_path)
    yield host
    host.close()
