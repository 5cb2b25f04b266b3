"""Where a service's schema tool runs: a copy of its build, as the account of builds, without its secrets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.commands import Command, Commands, ending
from staging_gate.adapters.local.environ import bare_environ
from staging_gate.adapters.local.folders import hand_over, make_home
from staging_gate.adapters.local.launching import path_of, program
from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.leftovers import MARK, end_leftovers
from staging_gate.adapters.local.secrets import Resolved, is_reference, resolve
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Refused, Stopped
from staging_gate.ports.logs import Logs
from staging_gate.ports.schema_tool import Ask, Ran
from staging_gate.wire.commands import Account
from staging_gate.wire.conversation import Conversation, Ended, TimeIsUp, conversation


@dataclass(frozen=True)
class LocalSite:
    """Implements `ports.schema_tool.Site`. `folder` is for this proof alone; whoever made it removes it."""

    tree: Path
    build: Build
    folder: Path
    service: Service
    logs: Logs
    log: str
    account: Account | None
    cancelled: Cancelled

    @property
    def scratch(self) -> Path:
        place = self.folder / "databases"
        if not place.exists():
            hand_over(make_folder(place), self.account)
        return place

    @property
    def database(self) -> str:
        """The address that the service has in staging, to see what kind of database it is. Raises Refused."""
        name = self.service.schema.database if self.service.schema else ""
        given = {**self.service.environ, **self.service.target(Environment.STAGING).environ}
        if name not in given:
            raise Refused(f"services.{self.service.name}.schema: {name} is not set for staging.")
        return resolve({name: given[name]}).environ[name]

    def value_of(self, text: str) -> str:
        name = f"services.{self.service.name}.schema"
        return resolve({name: text}).environ[name]

    @contextmanager
    def talk(self, argv: tuple[str, ...], environ: Mapping[str, str]) -> Iterator[Ask]:
        home = self.folder / "home"
        make_home(home, self.account)
        try:
            with conversation(
                self._program(argv),
                environ={**self._environ(home), **environ, MARK: str(home)},
                cwd=self.tree,
                output=lambda text: self.logs.append(self.log, text),
                cancelled=self.cancelled,
                account=self.account,
            ) as talk:
                yield lambda question, within: _asked(talk, question, within)
        finally:
            end_leftovers(str(home))

    def run(self, argv: tuple[str, ...], environ: Mapping[str, str], within: float) -> Ran:
        home = self.folder / "home-of-a-command"
        resolved = Resolved({**self._environ(home), **environ})
        limit = timedelta(seconds=within)
        command = Command(self._program(argv), self.tree, home, resolved, limit, self.log)
        finished = Commands(self.logs, self.account).run(command, self.cancelled)
        if finished.stopped == "cancelled":
            raise Stopped("It was cancelled.")
        error = "" if finished.ok else f"`{' '.join(argv)}` {ending(finished, limit)}"
        return Ran(error, _last(finished.tail), finished.tail)

    def _program(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return program(argv, self.tree, path_of(self.build), {}, f"services.{self.service.name}.schema")

    def _environ(self, home: Path) -> dict[str, str]:
        """What a change's code may know: nothing that is a secret of staging."""
        given = {**self.service.environ, **self.service.target(Environment.STAGING).environ}
        plain = {name: value for name, value in given.items() if not is_reference(value)}
        return {**bare_environ(home, path_of(self.build)), **plain, "ENVIRONMENT": "proof"}


def _last(tail: str) -> str:
    return next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")


def _asked(talk: Conversation, question: object, within: float) -> object:
    try:
        return talk.ask(question, within)
    except Ended as ended:
        lines = [line.strip() for line in str(ended).splitlines() if line.strip()]
        said = lines[-1] if lines else "it said nothing"
        raise Refused(f"The project's migration tool can not work: {said}", str(ended)[-16_000:]) from ended
    except TimeIsUp as late:
        raise Refused(f"The project's migration tool was not done within {within:g} s.", talk.said[-16_000:]) from late
