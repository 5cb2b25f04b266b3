"""Release tags: `v` and a semantic version; `v1.2.3-rollback[.N]` is an order, not a version.

A pre-release (`v1.2.0-rc.1`) sorts below its release. It is no release: it is never the last one, and goes nowhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from semver import Version

ROLLBACK_TAG = re.compile(
    r"(?P<release>v(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))-rollback(?:\.(?P<n>[1-9]\d*))?"
)


class Bump(IntEnum):
    PATCH = 0
    MINOR = 1
    MAJOR = 2


@dataclass(frozen=True)
class RollbackTag:
    """`release` is the tag whose code is to be deployed; `n` counts repeated rollbacks to it."""

    release: str
    n: int = 1


@lru_cache(maxsize=4096)  # a product has hundreds of tags, and every decision about a release looks at all of them
def parse_tag(tag: str) -> Version | None:
    """The version that a release tag stands for; None for anything else, rollback tags included."""
    if not tag.startswith("v") or ROLLBACK_TAG.fullmatch(tag):
        return None
    try:
        return Version.parse(tag[1:])
    except ValueError:
        return None


def parse_rollback_tag(tag: str) -> RollbackTag | None:
    found = ROLLBACK_TAG.fullmatch(tag)
    return RollbackTag(found["release"], int(found["n"] or 1)) if found else None


def greatest(tags: Iterable[str]) -> str | None:
    """The greatest release tag by semantic version, on whatever line it is; pre-releases, rollback tags and other
    names do not count."""
    versions = [(v.major, v.minor, v.patch, tag) for tag in tags if (v := parse_tag(tag)) and not v.prerelease]
    return max(versions)[-1] if versions else None


def next_tag(last: str | None, bump: Bump) -> str:
    """What to call the next release; the first one is v1.0.0."""
    version = parse_tag(last) if last else None
    if version is None:
        return "v1.0.0"
    step = {Bump.PATCH: version.bump_patch, Bump.MINOR: version.bump_minor, Bump.MAJOR: version.bump_major}[bump]
    return f"v{step()}"
