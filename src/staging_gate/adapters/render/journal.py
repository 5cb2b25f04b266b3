"""What we asked Render for. It takes no key of ours, so what was there before we asked tells what came of it."""

from dataclasses import dataclass
from pathlib import Path

from staging_gate.wire import journal


@dataclass(frozen=True)
class Asked:
    """One of our deployments. `back_to` is the deploy whose artifact it brings back (None: `commit` is built).

    `after` is the newest deploy from before we asked ("" where there was none, None while we have not asked), `deploy`
    what Render made of it. Times are ISO 8601: `asked_at`, and `live_at` when it was last seen to receive the traffic.
    """

    commit: str
    back_to: str | None = None
    after: str | None = None
    asked_at: str | None = None
    deploy: str | None = None
    live_at: str | None = None


@dataclass(frozen=True)
class Journal(journal.Journal[Asked]):
    kind = Asked

    def deployment_of(self, deploy: str) -> str | None:
        """The newest that this deploy was made for."""
        return next((name for name, asked in reversed(self.all().items()) if asked.deploy == deploy), None)

    def artifact(self, commit: str) -> str | None:
        """The newest deploy that brought this commit, which Render may still have built."""
        lived = (asked.deploy for asked in reversed(self.all().values()) if asked.commit == commit and asked.live_at)
        return next(lived, None)


@dataclass(frozen=True)
class Closed:
    """The services, by their ids at Render, that we have suspended ourselves: a file for each."""

    folder: Path

    def add(self, id: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / id).touch()

    def has(self, id: str) -> bool:
        return (self.folder / id).exists()

    def remove(self, id: str) -> None:
        (self.folder / id).unlink(missing_ok=True)
