"""`gate what-if`: the same question to the same gate at another moment, by somebody else, under other rules. Everything
else is as it is. Nothing is stored, and nobody is told."""

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from zoneinfo import ZoneInfo

from staging_gate.domain.actor import CALENDAR, Actor
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.moment import parse_moment
from staging_gate.domain.policy import Policy
from staging_gate.messages import explaining as words
from staging_gate.ports import Ports
from staging_gate.ports.policy import PolicyReader
from staging_gate.queries.explaining import explain
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.policy import MAIN, POLICY_FILE, policy_in_force


@dataclass(frozen=True)
class Assumption:
    """What is supposed; None is as it is. `at` is a moment as people type it, `policy` the text of a gate.yaml."""

    at: str | None = None
    actor: str | None = None
    policy: str | None = None


@dataclass(frozen=True)
class WhatIf:
    """`decision` is what the gate would say, `present` what it says to the same question now. `said` names what was
    supposed."""

    said: str
    decision: Decision
    present: Decision


def what_if(
    ports: Ports,
    subject: str,
    asker: Actor,
    assumed: Assumption,
    action: Action | None = None,
    role: str = "review",
    code: str = "",
) -> WhatIf:
    """Raises Unknown; Unusable for what is no moment, PolicyProblems with every problem of the given rules."""
    here = replace(ports, clock=At(ports.clock.now()))  # both answers are of one moment, but for what is supposed
    there = here if assumed.policy is None else replace(here, policy=_under(ports, assumed.policy))
    policy = policy_in_force(there)
    at = _moment(there, policy, assumed.at)
    there = replace(there, clock=At(at))
    actor = asker if assumed.actor is None else _somebody(policy, assumed.actor)
    return WhatIf(
        said=words.supposed(at, policy.time_zone if policy else "UTC", actor.name, assumed.policy is not None),
        decision=explain(there, subject, actor, action, role, code),
        present=explain(here, subject, asker, action, role, code),
    )


@dataclass(frozen=True)
class At:
    """A clock that shows one moment."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def pause(self, seconds: float, woken: Event | None = None) -> None:
        """Nothing is waited for."""


@dataclass(frozen=True)
class Instead:
    """Reads `text`, which is what main holds, as if `policy` stood there."""

    reader: PolicyReader
    text: bytes
    policy: Policy

    def read(self, text: bytes, name: str) -> Policy:
        return self.policy if text == self.text else self.reader.read(text, name)


def _under(ports: Ports, text: str) -> PolicyReader:
    """Approvals bind to the rules under which they were given; here those given now count as if given under these."""
    policy = ports.policy.read(text.encode(), POLICY_FILE)
    main = ports.code_host.revision(MAIN)
    held = ports.code_host.file(main.commit, POLICY_FILE) if main else None
    if held is None:
        raise Unusable(f"{MAIN} has no {POLICY_FILE} yet, so there is nothing that other rules could stand instead of.")
    present = policy_in_force(ports)
    return Instead(ports.policy, held, replace(policy, hash=present.hash) if present else policy)


def _moment(ports: Ports, policy: Policy | None, text: str | None) -> datetime:
    now = ports.clock.now()
    if text is None:
        return now
    try:
        return parse_moment(text, now, ZoneInfo(policy.time_zone if policy else "UTC"))
    except (ValueError, OverflowError) as error:
        raise Unusable(str(error)) from error


def _somebody(policy: Policy | None, name: str) -> Actor:
    if name == CALENDAR.name:
        return CALENDAR
    return Actor(name, roles=policy.roles_of(name) if policy else frozenset())
