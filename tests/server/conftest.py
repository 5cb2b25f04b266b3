from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.testing.serving import POLICY, Served, running_server
from staging_gate.wire.api import Api


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    with running_server(state) as served:
        served.commit("main", {"gate.yaml": POLICY, "index.html": "hello"}, "feat: the first version")
        served.commit("staging", {}, "chore: begin staging", start="main")
        yield served


@pytest.fixture
def admin(served: Served) -> Api:
    return Api(served.address, served.token)


@pytest.fixture
def ada(served: Served) -> Api:
    return Api(served.address, served.token_of("ada"))


@pytest.fixture
def ben(served: Served) -> Api:
    return Api(served.address, served.token_of("ben"))
