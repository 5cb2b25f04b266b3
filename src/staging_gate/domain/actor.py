"""Who acted: every change of state names one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ActorKind(StrEnum):
    PERSON = "person"
    TOKEN = "token"
    SYSTEM = "system"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class Actor:
    """`roles` are those that the policy in force gives to this name, at the time of acting. `until` is when the token
    that speaks for it expires."""

    name: str
    kind: ActorKind = ActorKind.PERSON
    roles: frozenset[str] = frozenset()
    until: datetime | None = None

    def has_any(self, *roles: str) -> bool:
        return bool(self.roles.intersection(roles))


ROLES = ("viewer", "developer", "stakeholder", "tech_lead", "devops", "on_call", "admin")
"""Those that we know; a policy may name more."""

SYSTEM = Actor("staging-gate", ActorKind.SYSTEM)

CALENDAR = Actor("calendar", ActorKind.CALENDAR)
"""On the record: who does what somebody asked for earlier, when the time has come."""
