"""What of a repository is not protected: pure, from what its code host showed us."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from staging_gate.domain.protection import (
    ADMINISTRATORS,
    VERDICT,
    Classic,
    Lanes,
    Mode,
    Passer,
    PasserKind,
    PullRequestRule,
    Ruleset,
    Seen,
)

PUSH, MERGE, FORCE, DELETE, CREATE, MOVE = "push", "merge", "force", "delete", "create", "move"
ON_BRANCHES = (PUSH, MERGE, FORCE, DELETE)
ON_TAGS = (CREATE, MOVE, DELETE)


@dataclass(frozen=True)
class Exposure:
    """`code` says what can be done to `place`. `by` are those who can; empty: anybody who may write, or as `code` says.
    `unknown`: who can is not shown to us."""

    code: str
    place: str
    by: tuple[Passer, ...] = ()
    unknown: bool = False
    detail: str = ""


def exposures(lanes: Lanes, seen: Seen) -> list[Exposure]:
    found = [Exposure("off", one.name, detail=one.enforcement) for one in seen.rulesets if one.is_ours and not one.acts]
    for branch in lanes.branches:
        found += _of_branch(lanes, seen, branch)
    found += _of_tags(lanes, seen)
    return found + list(_of_repository(lanes, seen))


def _of_branch(lanes: Lanes, seen: Seen, branch: str) -> Iterator[Exposure]:
    ref = f"refs/heads/{branch}"
    for what in ON_BRANCHES:
        yield from _open(seen, ref, branch, what)
    if not _bound(seen, ref, branch):
        yield Exposure("unbound", branch, detail=VERDICT)
    rules = _pull_request_rules(seen, ref, branch)
    if any(rule.approvals for rule in rules) and not any(rule.dismisses_stale for rule in rules):
        yield Exposure("stale", branch)
    allowed = seen.particulars.methods
    for rule in rules:
        allowed = allowed if rule.methods is None else allowed & rule.methods
    if more := allowed - lanes.methods[branch]:
        yield Exposure("methods", branch, detail=" or ".join(sorted(more)))


def _of_tags(lanes: Lanes, seen: Seen) -> Iterator[Exposure]:
    example = lanes.tags.replace("*", "1.0.0")
    for what in ON_TAGS:
        yield from _open(seen, f"refs/tags/{example}", f"a tag like {lanes.tags}", what)
    rollback = f"a tag like {lanes.tags}-rollback"
    entitled = tuple(Passer(PasserKind.PERSON, id) for id in seen.people.values() if id is not None)
    for what in ON_TAGS:
        yield from _open(seen, f"refs/tags/{example}-rollback", rollback, what, entitled if what == CREATE else ())


def _of_repository(lanes: Lanes, seen: Seen) -> Iterator[Exposure]:
    kept = _passers(seen, f"refs/heads/{lanes.staging}", lanes.staging, DELETE)
    if seen.particulars.deletes_merged and kept == ():
        yield Exposure("auto_delete", lanes.staging)
    if seen.particulars.workflows_write:
        yield Exposure("workflows_write", "workflows")
    if seen.particulars.workflows_approve:
        yield Exposure("workflows_approve", "workflows")
    if seen.app is None:
        yield Exposure("person", seen.us.name)


def _open(seen: Seen, ref: str, place: str, what: str, entitled: tuple[Passer, ...] = ()) -> Iterator[Exposure]:
    """Nothing where only we may, and who is entitled to."""
    found = _passers(seen, ref, place, what)
    if found == ():
        yield Exposure(what, place)
    elif all(one is None for one in found):
        yield Exposure(what, place, unknown=True)
    else:
        # Whoever does it has to pass every rule that refuses it; one whose passers we do not know narrows nothing.
        known = [one for one in found if one is not None]
        both = [one for one in known[0] if all(any(one.is_same(it) for it in rest) for rest in known[1:])]
        others = [one for one in both if not any(one.is_same(ok) for ok in (seen.us, *entitled))]
        if others:
            yield Exposure(what, place, tuple(sorted(others, key=lambda one: (one.kind, one.id or 0))))


def _passers(seen: Seen, ref: str, branch: str, what: str) -> tuple[frozenset[Passer] | None, ...]:
    """Of each rule that refuses it; nothing where none does."""
    found: list[frozenset[Passer] | None] = []
    for ruleset in _acting(seen, ref):
        if _refuses(ruleset, what):
            found.append(_who_pass(ruleset.passers, what))
    classic = seen.classic.get(branch) if ref.startswith("refs/heads/") else None
    if classic and not classic.known:
        found.append(None)
    elif classic and _refuses(classic, what):
        admins = frozenset() if classic.admins_bound else frozenset({ADMINISTRATORS})
        found.append(admins | (classic.passers if what == PUSH else frozenset()))
    return tuple(found)


def _who_pass(passers: frozenset[Passer] | None, what: str) -> frozenset[Passer] | None:
    """Who passes on pull requests only can merge, and do nothing else."""
    if passers is None or what == MERGE:
        return passers
    return frozenset(one for one in passers if one.mode is not Mode.PULL_REQUESTS)


def _refuses(rules: Ruleset | Classic, what: str) -> bool:
    if what == PUSH:
        return rules.pull_request is not None or "update" in rules.refuses
    if what == MERGE:
        return any(check.name == VERDICT for check in rules.checks)
    if what == FORCE:
        return bool(rules.refuses & {"non_fast_forward", "update"})
    return {DELETE: "deletion", CREATE: "creation", MOVE: "update"}[what] in rules.refuses


def _bound(seen: Seen, ref: str, branch: str) -> bool:
    """Whether our verdict counts only where we told it. Where it is not asked for at all, that is said already."""
    checks = [check for rules in _all(seen, ref, branch) for check in rules.checks if check.name == VERDICT]
    return not checks or any(check.app is not None and check.app == seen.app for check in checks)


def _pull_request_rules(seen: Seen, ref: str, branch: str) -> list[PullRequestRule]:
    return [rules.pull_request for rules in _all(seen, ref, branch) if rules.pull_request]


def _all(seen: Seen, ref: str, branch: str) -> list[Ruleset | Classic]:
    classic = seen.classic.get(branch)
    return [*_acting(seen, ref), *([classic] if classic else [])]


def _acting(seen: Seen, ref: str) -> Iterable[Ruleset]:
    return (one for one in seen.rulesets if one.acts and one.covers(ref, seen.particulars.default_branch))
