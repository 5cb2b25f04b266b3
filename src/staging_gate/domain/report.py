"""What we told the code host of a thing, and what it asked us."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Told:
    """`subject` names what it is of (`verdict 7`, `deployment staging-3`). `said` is the fingerprint of what was told
    last, empty until then, `key` the code host's name for it, `about` what it was told of (a commit). `times` counts
    how often that was.

    Whoever tells it claims it until `due_at`; `attempts` counts since it last went well, `problem` is why it did not,
    since `failing_since`. `unclear`: something may have arrived that we do not know of.
    """

    subject: str
    due_at: datetime
    said: str = ""
    key: str = ""
    about: str = ""
    times: int = 0
    attempts: int = 0
    problem: str = ""
    failing_since: datetime | None = None
    unclear: bool = False
    told_at: datetime | None = None
