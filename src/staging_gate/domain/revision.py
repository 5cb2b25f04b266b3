"""An immutable commit with its tree."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Revision:
    """Both are full git object names. Two revisions with one tree are the same code."""

    commit: str
    tree: str

    @property
    def short(self) -> str:
        return self.commit[:10]


@dataclass(frozen=True)
class Commit:
    """One commit as people read it, for release notes and the board."""

    id: str
    subject: str
    body: str
    author: str
    at: datetime
    parents: tuple[str, ...] = ()
