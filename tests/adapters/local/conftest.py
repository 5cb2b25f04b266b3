import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.adapters.local.accounts import interpreter_for, service_account
from staging_gate.adapters.local.proxy import Proxy
from tests.adapters.local.sample import Repository, World, a_world
from tests.adapters.local.tiny import Tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    """Starts tiny services; all of them are gone after the test."""
    one = Tiny(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """Without routes yet; all of them are stopped after the test."""
    one = Proxy(tmp_path / "run")
    yield one
    one.stop()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A git repository with the sample service in it, not yet committed."""
    return Repository(tmp_path / "repository")


@pytest.fixture
def world(tmp_path: Path, repository: Repository) -> Iterator[World]:
    """The local target on an empty state folder; nothing that it started is left after the test."""
    one = a_world(tmp_path / "state", repository)
    yield one
    one.end()


@pytest.fixture
def account_world(repository: Repository) -> Iterator[World]:
    """The same where an account of its own can look: as root, builds and services run as that."""
    with tempfile.TemporaryDirectory(prefix="staging-gate-") as folder:
        Path(folder).chmod(0o755)
        account = service_account()
        one = a_world(Path(folder), repository, account=account, interpreter=interpreter_for(account))
        yield one
        one.end()
