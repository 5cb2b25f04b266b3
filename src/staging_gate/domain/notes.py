"""Release notes from conventional commits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.domain.change import Change
from staging_gate.domain.revision import Commit
from staging_gate.domain.version import Bump

CONVENTIONAL = re.compile(r"(?P<kind>[a-zA-Z]+)(?:\((?P<scope>[^)]*)\))?(?P<breaking>!)?:\s+(?P<text>.+)")
BREAKING = re.compile(r"^BREAKING[ -]CHANGE:\s*(?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Notes:
    """Sentences per heading; merge commits appear under none. What is neither feature nor fix is in
    `others`; what breaks is under its own heading as well. `contributors` are the authors of the commits."""

    features: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    contributors: tuple[str, ...] = ()

    @property
    def bump(self) -> Bump:
        return Bump.MAJOR if self.breaking else Bump.MINOR if self.features else Bump.PATCH

    def markdown(self, address: str = "") -> str:
        """The runbook's description of a release: an empty heading says None. `address` is that of this installation,
        where it is known: changes are links to it."""
        parts = [("Features", self.features), ("Bug Fixes", self.fixes), ("Breaking Changes", self.breaking)]
        if self.migrations:
            parts.append(("Migrations", self.migrations))
        if self.others:
            parts.append(("Other Changes", self.others))
        if self.changes:
            parts.append(("Changes", tuple(_line(change, address) for change in self.changes)))
        if self.contributors:
            parts.append(("Contributors", self.contributors))
        return "\n\n".join(f"## {title}\n" + _bullets(lines) for title, lines in parts) + "\n"

    def headline(self) -> str:
        """A few words for the title: the first feature, else the first fix."""
        for lines in (self.features, self.fixes, self.breaking, self.others):
            if lines:
                more = len(self.features) + len(self.fixes) + len(self.others) - 1
                return lines[0] + (f" and {more} more" if more > 0 else "")
        return "maintenance"


def write_notes(commits: Sequence[Commit], migrations: Sequence[str] = (), changes: Sequence[Change] = ()) -> Notes:
    """Sort commits, oldest first, under the headings of the runbook."""
    features: list[str] = []
    fixes: list[str] = []
    breaking: list[str] = []
    others: list[str] = []
    for commit in reversed(commits):
        if len(commit.parents) > 1:
            continue
        kind, sentence, breaks = _read(commit)
        if breaks:
            breaking.append(breaks)
        {"feat": features, "fix": fixes}.get(kind, others).append(sentence)
    # What was squashed was written by who opened the change, whoever merged it.
    wrote = {change.merged.commit: change.author for change in changes if change.merged}
    authors = {wrote.get(commit.id, commit.author) for commit in commits if len(commit.parents) < 2}
    return Notes(
        tuple(features),
        tuple(fixes),
        tuple(breaking),
        tuple(others),
        tuple(migrations),
        tuple(sorted(changes, key=lambda change: change.number)),
        tuple(sorted(authors, key=str.casefold)),
    )


def _read(commit: Commit) -> tuple[str, str, str]:
    found = CONVENTIONAL.fullmatch(commit.subject)
    footer = BREAKING.search(commit.body)
    if not found:
        return "", commit.subject, footer["text"] if footer else ""
    scope = f"{found['scope']}: " if found["scope"] else ""
    sentence = scope + found["text"]
    breaks = footer["text"] if footer else sentence if found["breaking"] else ""
    return found["kind"].lower(), sentence, breaks


def _line(change: Change, address: str) -> str:
    number = f"[#{change.number}]({address}/changes/{change.number})" if address else f"#{change.number}"
    return f"{number} {change.title}, by {change.author}"


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines or ("None",))
