"""The adapter on the stand-in, with every request examined by GitHub's own specification where that is at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from staging_gate.adapters import github
from staging_gate.adapters.git import GitMirror, Source
from staging_gate.ports.clock import Clock
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from staging_gate.wire.http import Limits
from tests.adapters.github.specification import examination

TOKEN = "ghp_ofthetestsandnobodyelse"
QUICK = Limits(connect=2, read=2, whole=10, tries=3, patience=20)


@contextmanager
def github_stand_in(folder: Path, clock: Clock | None = None) -> Iterator[GitHubStandIn]:
    examined = examination()
    with GitHubStandIn(folder / "github", clock or MovableClock(), examine=examined.look).running() as stand_in:
        stand_in.grant("gate", TOKEN)
        yield stand_in
    assert examined.faults == [], examined.faults


def connected(
    stand_in: GitHubStandIn, folder: Path, *, fresh_for: timedelta = timedelta(0), app: str = "", key: str = ""
) -> github.GitHubCodeHost:
    """`fresh_for` is nothing: tests change the repository behind our back and look at once."""
    settings = github.Settings(
        stand_in.name,
        token="" if app else TOKEN,
        app=app,
        key=key,
        api=stand_in.api,
        fresh_for=fresh_for,
        limits=QUICK,
    )
    connection = github.connect(settings, stand_in.clock)
    mirror = GitMirror.create(folder / "mirror.git")
    source = Source(github.repository_address(settings), connection.user_and_password)
    return github.host(connection, mirror, lambda: mirror.fetch(source), stand_in.clock)
