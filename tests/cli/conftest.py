from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from staging_gate.cli.main import gate
from staging_gate.testing.serving import POLICY, Served, running_server

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    with running_server(state) as served:
        served.commit("main", {"gate.yaml": POLICY, "index.html": "hello"}, "feat: the first version")
        served.commit("staging", {}, "chore: begin staging", start="main")
        yield served


@pytest.fixture
def run(served: Served, tmp_path: Path) -> Run:
    """Run a command line as somebody: `run("change", "list", by="ada")`."""

    def as_somebody(*arguments: str, by: str = "", **environ: str) -> Result:
        token = served.token_of(by) if by else served.token
        known = {"GATE_SERVER": served.address, "GATE_TOKEN": token, "XDG_CONFIG_HOME": str(tmp_path), "COLUMNS": "200"}
        return CliRunner().invoke(gate, list(arguments), env={**known, **environ})

    return as_somebody
