"""What other tools' files say, each with the place that says it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.config.document import Unreadable, read_tree
from staging_gate.config.tree import Tree

FILL_IN = "FILL-IN"
"""Stands where only a person knows; no policy with it is right, so nothing of it is ever in force."""


@dataclass(frozen=True)
class Finding:
    """`where` is `render.yaml:12`."""

    what: str
    where: str


@dataclass
class Hosted:
    """One service in one environment. `lines` are comments, `environ` names of variables with where they were."""

    provider: str
    where: str
    identity: str = FILL_IN
    team: str = ""
    environ: dict[str, str] = field(default_factory=dict)


@dataclass
class Imported:
    """One service of the draft. `folder` is where its code is; `notes` become comments above it."""

    name: str
    folder: str
    where: str
    run: str
    staging: Hosted | None = None
    production: Hosted | None = None
    build: str = ""
    health: str = ""
    health_where: str = ""
    schema: str = ""
    schema_where: str = ""
    database: str = "DATABASE_URL"
    notes: list[str] = field(default_factory=list)


@dataclass
class Found:
    """All that was found below a folder. `unread` are problems of files, with file and line; the rest counts."""

    folder: Path
    product: str = ""
    repository: str = "local"
    repository_where: str = ""
    staging_branch: str = "staging"
    services: list[Imported] = field(default_factory=list)
    checks: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def note(self, what: str, where: str) -> None:
        self.findings.append(Finding(what, where))

    def text(self, place: Path) -> str | None:
        """A file's text; None, and told, where it can not be read."""
        try:
            return place.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            self.unread.append(f"{self.name(place)}:1: can not be read as text: {type(error).__name__}")
            return None

    def tree(self, place: Path) -> Tree | None:
        """A YAML file with places; None, and told, where it can not be read. What is wrong in parts is told too."""
        text = self.text(place)
        if text is None:
            return None
        try:
            tree = read_tree(text.encode())
        except Unreadable as bad:
            said = bad.problem.text.split(";")[0] if "`gate init`" in bad.problem.text else bad.problem.text
            self.unread.append(f"{self.name(place)}:{bad.problem.line}:{bad.problem.column}: {said}")
            return None
        self.unread += [problem.shown(self.name(place)) for problem in tree.problems]
        return tree

    def name(self, place: Path) -> str:
        return place.relative_to(self.folder).as_posix()


def dashed(text: str, otherwise: str = "app") -> str:
    """A name as gate.yaml wants it."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")[:40].rstrip("-")
    return name or otherwise


def line_of(text: str, pattern: str) -> int:
    """The first line that holds the pattern; 1 where none does."""
    found = re.search(pattern, text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
