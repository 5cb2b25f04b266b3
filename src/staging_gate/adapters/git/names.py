"""What may be the name of a ref, a commit or a person, and what never reaches git."""

import re

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT_ID = re.compile(r"[0-9a-f]{7,64}")


def is_ref(name: str) -> bool:
    """Whether git takes this as a full ref name: the rules of `git check-ref-format`, without its process."""
    parts = name.split("/")
    if len(parts) < 2 or _FORBIDDEN.search(name) or name.endswith((".", "/")) or name.startswith("/"):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in parts)


def is_branch(name: str) -> bool:
    """Whether `git branch` would create it; a branch that was pushed may still have a leading dash."""
    return not name.startswith("-") and name != "HEAD" and is_ref(BRANCHES + name)


def is_tag(name: str) -> bool:
    return not name.startswith("-") and is_ref(TAGS + name)


def is_full_id(name: str) -> bool:
    return _FULL_ID.fullmatch(name) is not None


def candidates(name: str) -> tuple[str, ...]:
    """What a name given by a person may stand for, in this order. A branch beats a tag, unlike in git.

    Each one is safe to give to git: nothing of `main~1`, `@{yesterday}` or `:/text` gets through.
    """
    if is_full_id(name):
        return (name,)
    if name.startswith("refs/"):
        return (name,) if is_ref(name) else ()
    if not is_ref(BRANCHES + name):
        return ()
    found = (BRANCHES + name, TAGS + name)
    return (*found, name) if _SHORT_ID.fullmatch(name) else found
