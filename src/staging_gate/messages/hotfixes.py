"""Hotfixes, as people read of them."""

from staging_gate.domain.change import Change


def title(tag: str, change: Change) -> str:
    return f"Hotfix {tag} - {change.title}"


def proof(change: Change) -> str:
    return f"change {change.number} is tried before it goes to {change.target}: {change.title}"


def staging_again(change: Change) -> str:
    return f"the hotfix of change {change.number} is over: staging runs its own branch again"


def notes(reason: str, markdown: str) -> str:
    return f"## Why it is urgent\n{reason}\n\n{markdown}"


def back_merge_title(tag: str, source: str, target: str) -> str:
    return f"Bring {tag} back: {source} to {target}"


def back_merge(tag: str, source: str, target: str) -> str:
    return f"{tag} went to {source} past {target}. Until {target} has it too, the next regular release is refused."


def back_merge_conflicts(source: str, target: str, files: tuple[str, ...]) -> str:
    return f"{source} does not merge into {target} by itself: {', '.join(files)}"


def bad_name(name: str) -> str:
    return (
        f"{name!r} can not be the name of a hotfix: small letters, digits, dots, dashes and underscores, 64 at most, "
        "such as `login-loop`. Its branch is hotfix/NAME."
    )


def nothing_live() -> str:
    return (
        "Production runs nothing yet, so there is nothing in it to fix. The first release goes through staging: "
        "`gate release open`."
    )


def taken(branch: str) -> str:
    return (
        f"The branch {branch} is there already: go on with it (`git fetch`, `git switch {branch}`), or choose another "
        "name."
    )


def proved_already(number: int) -> str:
    return f"The code of change {number} was proved in staging already. Merge it: `gate change merge {number}`."


def under_way(id: str) -> str:
    return f"It is being tried in staging already: `gate deployment follow {id}`."


def not_a_hotfix(number: int) -> str:
    return f"Change {number} is no hotfix to production: what goes to staging is proved there after its merge."
