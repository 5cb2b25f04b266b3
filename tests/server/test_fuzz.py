"""Whatever is sent to any address of the API: no 500."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from staging_gate.adapters.local.ports import free_port
from staging_gate.bootstrap.shutdown import stop_everything
from staging_gate.testing.serving import POLICY, Served, running_server
from staging_gate.wire.api import Api

EXAMPLES = 100 if os.environ.get("STAGING_GATE_TEST_ALL") else 10
STREAMS = r"/events$|/follow$|/awaited$|/logs"
"""They go on until the client leaves."""


def test_nothing_that_is_sent_breaks_the_server(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with running_server(tmp_path / "state") as served:
        fill(served)
        done = fuzz(served, tmp_path, str(request.config.getoption("--hypothesis-seed")))
    stop_everything(served.house.settings)  # deployments are ordered too
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def fill(served: Served) -> None:
    """A change and an incident, so that many addresses lead somewhere."""
    policy = POLICY.replace("8081", str(free_port())).replace("8080", str(free_port()))
    served.commit("main", {"gate.yaml": policy, "index.html": "hello"}, "feat: the first version")
    served.commit("staging", {}, "chore: begin staging", start="main")
    served.commit("feature/a", {"a.html": "a"}, "feat: a", start="staging")
    ada = Api(served.address, served.token_of("ada"))
    ada.post("/changes", source="feature/a", target="staging")
    ada.post("/incidents", severity="p2", title="it is slow")


def fuzz(served: Served, folder: Path, seed: str) -> "subprocess.CompletedProcess[str]":
    program = str(Path(sys.executable).with_name("schemathesis"))
    argv = [program, "run", f"{served.address}/api/v1/openapi.json", "-H", f"Authorization: Bearer {served.token}"]
    argv += ["--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES)]
    argv += ["--exclude-path-regex", STREAMS, "--seed", seed, "--no-color"]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
