"""What is said of pull requests at the code host."""

from staging_gate.domain.change import Change
from staging_gate.domain.pull_request import PullRequest


def at_the_host(pull: PullRequest) -> str:
    return f"at the code host ({pull.address})" if pull.address else "at the code host"


def closed_there(pull: PullRequest) -> str:
    return f"closed {at_the_host(pull)}"


def goes_nowhere(pull: PullRequest) -> str:
    return f"it goes to {pull.target} now, which no environment follows"


def retargeted(was: Change, now: Change) -> str:
    return f"it goes to {now.target} now, no more to {was.target}"


def merged_behind_our_back(change: Change, pull: PullRequest) -> str:
    who = pull.ended_by or "somebody whom it does not name"
    return f"{who} merged pull request {change.number} into {change.target} {at_the_host(pull)}; the gate was not open"


def merged_by(change: Change) -> str:
    commit = change.merged.short if change.merged else "a commit that is not known"
    how = f", {change.method}" if change.method else ""
    return f"as {commit} by {change.merged_by or 'somebody who is not known'}{how}"


def merged_meanwhile(number: int) -> str:
    return f"Pull request {number} was merged at the code host meanwhile: it can not be closed."


def not_ours(number: int) -> str:
    return (
        f"The code host gave the number {number}, and here that is another change, of before the two were connected. "
        "Connect a new database, or open pull requests until the numbers have passed."
    )


def moved_behind_our_back(branch: str, commit: str) -> str:
    return f"{branch} is at {commit[:10]}, and no change of ours brought it there"


def tag_behind_our_back(tag: str) -> str:
    return f"somebody made the tag {tag} at the code host; it is no release"


def lone_hotfix(number: int) -> str:
    return f"Change {number}, a hotfix, was merged behind our back: nothing of it was tagged or released."
