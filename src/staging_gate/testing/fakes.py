"""All that is fake in a world, together."""

from dataclasses import dataclass, field, replace
from typing import Self

from staging_gate.testing.checks import FakeChecks, FakeSmoke
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.deploy_target import FakeTarget
from staging_gate.testing.logs import MemoryLogs
from staging_gate.testing.notices import FakeNotifier
from staging_gate.testing.way_back import FakeWayBack


@dataclass
class Outsides:
    """All that is fake, with what it remembers."""

    clock: MovableClock = field(default_factory=MovableClock)
    logs: MemoryLogs = field(default_factory=MemoryLogs)
    target: FakeTarget = field(default_factory=FakeTarget)
    notices: FakeNotifier = field(default_factory=FakeNotifier)
    checks: FakeChecks = field(init=False)
    smoke: FakeSmoke = field(init=False)
    way_back: FakeWayBack = field(init=False)

    def __post_init__(self) -> None:
        self.checks = FakeChecks(self.logs)
        self.smoke = FakeSmoke(self.logs)
        self.way_back = FakeWayBack(self.logs)

    def copy(self) -> Self:
        logs = MemoryLogs()
        logs.texts.update(self.logs.texts)
        clock, target, notices = MovableClock(self.clock.now()), self.target.copy(), self.notices.copy()
        new = replace(self, clock=clock, logs=logs, target=target, notices=notices)
        new.checks, new.smoke = self.checks.copy(logs), self.smoke.copy(logs)
        new.way_back = self.way_back.copy(logs)
        return new
