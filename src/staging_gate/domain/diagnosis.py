"""Why something failed: each cause that is known is looked for, and what was seen stays with the answer."""

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    CONFIRMED = "confirmed"
    RULED_OUT = "ruled_out"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Of migrations that failed."""

    BROKEN_CODE = "broken_code"
    SEVERAL_HEADS = "several_heads"
    UNREACHABLE = "unreachable"
    UNKNOWN_REVISION = "unknown_revision"
    PERMISSION = "permission"
    LOCK_TIMEOUT = "lock_timeout"
    DEADLOCK = "deadlock"
    TIME_OUT = "time_out"
    DISK_FULL = "disk_full"
    ROWS = "rows"
    PARTLY_APPLIED = "partly_applied"

    @property
    def is_of_the_place(self) -> bool:
        """Not of the release: it goes through where that is mended."""
        return self in (
            Cause.UNREACHABLE,
            Cause.PERMISSION,
            Cause.LOCK_TIMEOUT,
            Cause.DEADLOCK,
            Cause.DISK_FULL,
        )


@dataclass(frozen=True)
class Next:
    """What to run, exactly as it is: SQL on the database, or a command; `why` says what it does."""

    why: str
    run: str


@dataclass(frozen=True)
class Suspect:
    """One cause: whether it was it, in a sentence, with what was seen and what to do."""

    cause: Cause
    answer: Answer
    says: str
    evidence: tuple[str, ...] = ()
    next: tuple[Next, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """Of the migrations of a service in an environment; `deployment` is whose they were."""

    deployment: str
    environment: str
    service: str
    suspects: tuple[Suspect, ...] = ()

    @property
    def confirmed(self) -> tuple[Suspect, ...]:
        return tuple(suspect for suspect in self.suspects if suspect.answer is Answer.CONFIRMED)

    @property
    def is_of_the_place(self) -> bool:
        """Whether something was found, and nothing of it is the release's fault."""
        return bool(self.confirmed) and any(one.cause.is_of_the_place for one in self.confirmed)
