from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.git import GitCodeHost
from tests.adapters.git.repositories import Served, serve


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitCodeHost]:
    """An empty repository; its path has a space and a quote in it."""
    host = GitCodeHost.create(tmp_path / 'it\'s a "repository".git')
    yield host
    host.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serve(tmp_path) as served:
        yield served
