"""Running a project's own command once: migrations, smoke tests, checks. Its output is logged, without secrets."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from staging_gate.adapters.local.folders import make_home, remove
from staging_gate.adapters.local.leftovers import MARK, end_leftovers
from staging_gate.adapters.local.locks import never
from staging_gate.adapters.local.secrets import Hiding, Resolved
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.logs import Logs
from staging_gate.wire.commands import Account, Finished, stream

LONGEST_LINE = 200
FAILURE = re.compile(r"\bFAILED\b|^FAIL: |^not ok |^ERROR \S+::")
"""How pytest, unittest, TAP and many a script name a test that failed."""


@dataclass(frozen=True)
class Command:
    """`home` is made for it and removed after it; its path is also the mark by which leftovers are found."""

    argv: tuple[str, ...]
    cwd: Path
    home: Path
    environ: Resolved
    within: timedelta
    log: str


@dataclass(frozen=True)
class Commands:
    """Runs commands as `account`; None is ourselves."""

    logs: Logs
    account: Account | None

    def run(self, command: Command, cancelled: Cancelled = never) -> Finished:
        """Run it to its end. Nothing that it started is left, also of an earlier run that we did not survive.

        Raises Unavailable where it can not be started.
        """
        mark = str(command.home)
        end_leftovers(mark)
        make_home(command.home, self.account)
        output = Hiding(command.environ, lambda text: self.logs.append(command.log, text))
        try:
            finished = stream(
                command.argv,
                environ={**command.environ.environ, MARK: mark},
                cwd=command.cwd,
                within=command.within.total_seconds(),
                output=output,
                cancelled=cancelled,
                account=self.account,
            )
        finally:
            output.end()
            end_leftovers(mark)
            remove(command.home)
        return replace(finished, tail=command.environ.hide(finished.tail))


def ending(finished: Finished, within: timedelta) -> str:
    """How a command ended, as the end of a sentence."""
    if finished.code is None:
        return f"was not done within {within.total_seconds():g} s"
    return f"ended with exit code {finished.code}" if finished.code >= 0 else f"was killed by signal {-finished.code}"


def first_failure(text: str) -> str | None:
    """The line in which a test runner names the first test that failed, fit for one line of a board."""
    named = (line.strip() for line in text.splitlines() if FAILURE.search(line.strip()))
    return next((shortened(line) for line in named), None)


def last_line(text: str, otherwise: str) -> str:
    """The last line that says something, fit for one line of a board."""
    lines = [line.strip() for line in text.splitlines() if any(letter.isalnum() for letter in line)]
    return shortened(lines[-1] if lines else otherwise)


def shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."
