"""What is said about the rules at the code host: what we would write there, and what they leave open."""

from collections.abc import Iterable, Sequence

from staging_gate.domain.exposure import Exposure
from staging_gate.domain.protection import Passer, PasserKind, Ruleset

ANYBODY = "Anybody with write access"

CONSEQUENCES = {
    "push": "can push to {place} without the gate: no review, no check, and the next release ships it",
    "merge": "can merge into {place} before the gate says yes: `staging-gate` is not required there",
    "force": "can force-push {place}: what staging has proved, and the record points at, can vanish from the branch",
    "delete": "can delete {place}: what the record and the next release point at is then gone",
    "create": "can push {place}: whatever reads tags takes it for a release that nobody approved",
    "move": "can move {place}: the same name then stands for other code than was approved",
}
"""After who can."""

SENTENCES = {
    "off": "The ruleset `{place}` is {detail} and protects nothing: what it would refuse is let through.",
    "unbound": "Anybody with write access, and any App or workflow, can report `{detail}` as passed on a pull request "
    "into {place} and merge it: the rule does not ask that our App says it.",
    "stale": "An approval at GitHub stays when more is pushed: whoever merges into {place} there by hand can merge "
    "what nobody has read.",
    "methods": "Anybody with write access can merge into {place} at GitHub by {detail}, which policy refuses: the "
    "commit that comes out is not the one that was proved.",
    "auto_delete": "GitHub deletes branches once they are merged: a release, merged from {place}, takes that branch "
    "with it.",
    "workflows_write": "Whoever may push any branch can write to the repository by a workflow on it: GITHUB_TOKEN may "
    "write unless the workflow says otherwise.",
    "workflows_approve": "A workflow can approve pull requests at GitHub: whoever may push a workflow then needs no "
    "second person there.",
    "person": "We act with the token of {place}, whom the rules must let pass: {place} can also merge by hand, and "
    "make release tags, without the gate.",
}

REMEDIES = {
    "unbound": "Use a GitHub App (GATE_GITHUB_APP), then `gate github setup`.",
    "person": "Use a GitHub App instead of a token: it belongs to nobody (docs/adapters/github.md).",
    "stale": "`gate github setup`, or switch on `Dismiss stale pull request approvals` in the rule.",
    "auto_delete": "`gate github setup` keeps it; or Settings, General: `Automatically delete head branches` off.",
    "workflows_write": "Settings, Actions, General, Workflow permissions: `Read repository contents`.",
    "workflows_approve": "Settings, Actions, General: switch off `Allow GitHub Actions to create and approve pull "
    "requests`.",
}
SETUP = "`gate github setup` writes the rule."
OTHERS = "Take them out of the bypass list of the rule that lets them, at GitHub: Settings, Rules."
ADMIN_RIGHT = "Grant Administration: read, so that it can be seen."

NONE = "nothing"

UNUSED_BY_TAGS = {"pull request": "not required", "required checks": NONE, "branches must be up to date": "no"}

REFUSED = {
    "creation": "creating",
    "update": "moving",
    "deletion": "deleting",
    "non_fast_forward": "force-pushing",
}


def exposed(one: Exposure) -> str:
    if sentence := SENTENCES.get(one.code):
        return sentence.format(place=one.place, detail=one.detail)
    can = CONSEQUENCES[one.code].format(place=one.place)
    if one.unknown:
        return f"Who {can}, is not shown to us."
    return f"Past the rules, {_listed(map(passer, one.by))} {can}." if one.by else f"{ANYBODY} {can}."


def remedy(one: Exposure) -> str:
    if one.code in REMEDIES:
        return REMEDIES[one.code]
    return ADMIN_RIGHT if one.unknown else OTHERS if one.by else SETUP


def summed_up(found: Sequence[Exposure]) -> str:
    """The one line of `gate doctor`."""
    if not found:
        return "branches and release tags at GitHub can only be changed through the gate"
    things = f"{len(found)} {'thing is' if len(found) == 1 else 'things are'}"
    return f"{things} not protected at GitHub. The first: {exposed(found[0])}"


def fields(ruleset: Ruleset) -> dict[str, str]:
    """A ruleset as people read it; two of which all fields are equal say the same."""
    rule = ruleset.pull_request
    shown = {
        "is": ruleset.enforcement,
        "holds for": _listed(sorted(ruleset.include)),
        "but not for": _listed(sorted(ruleset.exclude)),
        "refuses": _listed(REFUSED.get(one, one) for one in sorted(ruleset.refuses)),
        "pull request": "not required",
        "required checks": _listed(sorted(_check(one.name, one.app) for one in ruleset.checks)),
        "branches must be up to date": "yes" if ruleset.strict else "no",
        "may pass": "not shown to us" if ruleset.passers is None else _listed(sorted(map(passer, ruleset.passers))),
    }
    if rule:
        methods = _listed(sorted(rule.methods)) if rule.methods is not None else "any method"
        more = "".join(f", {one}" for one in sorted(rule.more))
        stale = ", dismissed by a push" if rule.dismisses_stale else ""
        shown["pull request"] = f"required, by {methods}, approvals {rule.approvals}{stale}{more}"
    unused = () if not ruleset.tags else ("pull request", "required checks", "branches must be up to date")
    return {
        name: said for name, said in shown.items() if name not in unused or said not in ("not required", NONE, "no")
    }


def passer(one: Passer) -> str:
    who = one.name or (str(one.kind) if one.id is None else f"{one.kind} {one.id}")
    if one.kind is PasserKind.APP:
        who = f"the App {one.name or one.id}"
    return who if one.mode == "always" else f"{who} ({one.mode})"


def by_hand(wanted: Iterable[Ruleset]) -> list[str]:
    """The same, for somebody who clicks: GitHub, Settings, Rules, Rulesets."""
    lines = ["At GitHub: Settings, Rules, Rulesets, New ruleset. One for each of these:"]
    for one in wanted:
        lines.append(f"{one.name} ({'tags' if one.tags else 'branches'})")
        lines += [f"    {name}: {said}" for name, said in fields(one).items() if said != NONE]
    return lines


def no_github() -> str:
    return (
        "The code of this installation is not at GitHub: its own repository refuses such pushes by itself. For GitHub: "
        "GATE_REPOSITORY (docs/adapters/github.md)."
    )


def not_yours(name: str, roles: Sequence[str]) -> str:
    wanted = " or ".join(roles)
    return (
        f"{name} may not see or change the rules at GitHub: that needs the role {wanted}. Ask somebody who has it, or "
        f"have gate.yaml give it to {name} (`roles:`)."
    )


def changed_meanwhile() -> str:
    return (
        "The rules at GitHub are not what you were shown any more; nothing was changed. Look again: `gate github "
        "setup`."
    )


def unknown_person(name: str) -> str:
    return (
        f"GitHub knows nobody called {name}, who may roll back by gate.yaml: {name} can not push rollback tags. Name "
        "people in gate.yaml as they sign in at GitHub."
    )


def as_person(name: str) -> str:
    return (
        f"We act with the token of {name}, so the rules let {name} pass, by hand too, and any App can report "
        "`staging-gate`. With a GitHub App neither is so (docs/how-to/protect-the-repository.md)."
    )


def _check(name: str, app: int | None) -> str:
    return f"{name}, whoever reports it" if app is None else f"{name}, only by App {app}"


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return NONE if not found else found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
