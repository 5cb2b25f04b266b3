"""Services that do not do what they should, and machines that do not: staging and production stay as they were."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.testing import eventually
from tests.e2e.installation import Installation
from tests.e2e.processes import strays, too_many
from tests.e2e.stories import DEPLOYMENT, Story, tell

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("fault", "failure", "evidence"),
    [
        ("crash", "api ended with exit code 3, ", "KeyError: 'ARCHIVE_FOLDER'"),
        ("wrong health", "api was not healthy within 1.", '"environment": "nowhere"'),
        ("silent", "api was not healthy within 1.", "last answer of GET /health: "),
    ],
)
def test_what_does_not_become_healthy_never_gets_traffic(
    running: Story, fault: str, failure: str, evidence: str
) -> None:
    before = running.traffic()
    policy = (running.at.tree / "gate.yaml").read_text()

    running.write_a_change(fault, **{"gate.yaml": policy.replace("within: 20s", "within: 1s")})
    tell(running, DEPLOYMENT)

    last = running.record.deployments()[-1]
    assert last.state is DeploymentState.FAILED
    assert last.failure.startswith(failure)
    assert evidence in last.evidence
    assert running.traffic() == before
    assert_well(running)
    followed = running.at.cli("deployment", "follow", last.id)
    assert followed.exit_code == 1
    assert failure in followed.output
    assert evidence in followed.output


def test_a_service_that_ignores_sigterm_is_killed_when_its_time_is_over(running: Story) -> None:
    for fault in ("stubborn", "", ""):
        running.write_a_change(fault)
        tell(running, DEPLOYMENT)

    assert [one.state for one in running.record.deployments()[-3:]] == [DeploymentState.SUCCEEDED] * 3
    assert_well(running)


def test_a_full_disk_is_no_bad_release(running: Story) -> None:
    before = running.traffic()
    policy = (running.at.tree / "gate.yaml").read_text()
    large = policy.replace('build: "true"', "build: dd if=/dev/zero of=large bs=1M count=16")

    with files_of_at_most(8 * MEGABYTE, running.at):
        running.write_a_change(**{"gate.yaml": large})
        running.open_change()
        running.settle()
        [check] = checks(running)
        refused = running.at.cli("change", "merge", str(running.open_one()), by="ben")

    assert check["verdict"] == "errored"
    assert "the build: The disk of " in check["summary"]
    assert "What was half written is removed: free some space and try again." in check["summary"]
    assert refused.exit_code == 3
    assert "Our side broke, not the code: `gate change recheck` runs it again." in refused.output

    running.at.as_("ben").post(f"/changes/{running.open_one()}/recheck")
    running.settle()
    assert checks(running)[0]["verdict"] == "passed"
    assert running.traffic() == before
    running.merge()
    running.settle()
    assert running.record.deployments()[-1].state is DeploymentState.SUCCEEDED
    assert_well(running)


def test_a_public_port_that_somebody_else_has_is_named(empty: Installation) -> None:
    story = Story(empty)
    empty.write_product()
    port = empty.ports["staging web"]
    with socket.create_server(("127.0.0.1", port)):
        empty.push("main", "main:staging", by="admin")
        refused = empty.cli("redeploy", "staging")
        doctor = empty.cli("doctor")

    assert refused.exit_code == 3
    assert f"web: Port {port} is already used by " in refused.output
    assert "free it, or give the target another port." in refused.output
    assert doctor.exit_code == 1
    assert f"web: Port {port} is already used by " in doctor.output
    assert story.record.deployments() == []
    assert empty.cli("redeploy", "staging", "--wait").exit_code == 0
    assert story.revision_at("staging web")
    assert_well(story)


def checks(story: Story) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = story.at.as_("ben").get(f"/changes/{story.open_one()}")["checks"]
    return found


@contextlib.contextmanager
def files_of_at_most(size: int, at: Installation) -> Iterator[None]:
    """As if the disk were full soon: whatever the server starts meanwhile can not write larger files."""
    assert at.server
    before = resource.prlimit(at.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(at.server.pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(at.server.pid, resource.RLIMIT_FSIZE, before)


def assert_well(story: Story) -> None:
    story.record.assert_intact()
    eventually(lambda: not too_many(story.at))
    eventually(lambda: not strays(story.at))
