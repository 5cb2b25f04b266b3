"""A hotfix: what is known of it beyond its change."""

import re
from dataclasses import dataclass

from staging_gate.domain.deployment import Deployment

BRANCHES = "hotfix/"
LABELS = ("hotfix", "urgent")
ROLES = ("tech_lead", "on_call")
"""One approval in one of these roles is what a hotfix needs."""

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True)
class HotfixSize:
    """`files` are those that it changes, `lines` the added and the removed, `migrations` those files that migrate a
    database."""

    files: int = 0
    lines: int = 0
    migrations: tuple[str, ...] = ()


@dataclass(frozen=True)
class HotfixFacts:
    """`live` is what production runs, None where it runs nothing. `from_live` is whether the hotfix starts from just
    that: it holds all of it, and of the target branch nothing else. `waits_for` is what is on its way to production,
    and moves what a hotfix has to start from."""

    live: Deployment | None
    from_live: bool = False
    waits_for: str | None = None
    size: HotfixSize = HotfixSize()


def is_name(name: str) -> bool:
    """What can follow `hotfix/` in the name of a branch."""
    return NAME.fullmatch(name) is not None and ".." not in name and not name.endswith(".lock")


def size_of(diff: str, files: list[str], migrations: list[str]) -> HotfixSize:
    lines = [line for line in diff.splitlines() if line.startswith(("+", "-")) and line[:3] not in ("+++", "---")]
    return HotfixSize(len(files), len(lines), tuple(migrations))
