"""What closes the gate by what people and machines said at the code host. A value is what a case is made of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from staging_gate.domain.actor import Actor
from staging_gate.domain.check import Verdict
from staging_gate.domain.gate import Action, Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import OUR_CHECK, Heard, HostCheck, Opinion, PullRequest, PullState, Word
from tests.domain.nouns import ADA, AT, CHANGE, MERGEABLE, POLICY, RELEASABLE, RELEASE_CHANGE, approval

Given = tuple[Action, Facts, Actor, Policy]

SAID = "https://github.example/zebra/marketedge/pull/7"
PULL = PullRequest(
    7,
    PullState.OPEN,
    CHANGE.title,
    CHANGE.source,
    CHANGE.target,
    CHANGE.head.commit,
    "ada",
    address=SAID,
    opinions=(),
    checks=(HostCheck(OUR_CHECK, Verdict.PENDING, True),),
)
NOW = replace(MERGEABLE, connected=True, pull_request=Heard(AT, PULL))


def merging(**over: Any) -> Given:
    return Action.MERGE, replace(NOW, **over), ADA, POLICY


def said(**over: Any) -> Given:
    return merging(pull_request=Heard(AT, replace(PULL, **over)))


def review(person: str, word: Word, **over: Any) -> Opinion:
    return replace(Opinion("1", person, word, CHANGE.head.commit, AT, address=f"{SAID}#1"), **over)


def reviewed(*given: Opinion, **over: Any) -> Given:
    return merging(pull_request=Heard(AT, replace(PULL, opinions=given)), **over)


OPEN: Mapping[str, Given] = {
    "our own verdict is not waited for": merging(),
    "a stranger and a machine may ask for what they want": reviewed(
        review("octocat", Word.CHANGES_REQUESTED), review("ben", Word.CHANGES_REQUESTED, is_person=False)
    ),
}

CLOSED: Mapping[str, Given] = {
    "a pull request that was not read yet": merging(pull_request=None),
    "a pull request that is elsewhere there": said(head="9" * 40),
    "a pull request merged as nobody knows what": said(state=PullState.MERGED),
    "a draft": said(draft=True),
    "a pull request of a fork": merging(change=replace(CHANGE, source="linus:feature/dark-mode", preview=None)),
    "from staging to main without a version": (
        Action.MERGE,
        replace(RELEASABLE, change=replace(RELEASE_CHANGE, release=None)),
        ADA,
        POLICY,
    ),
    "a hotfix that does not say why": merging(change=replace(CHANGE, hotfix_reason="")),
    "what the code host requires": said(
        checks=(
            HostCheck("e2e", Verdict.FAILED, True, "https://ci.example/1", "App 9"),
            HostCheck("legal", Verdict.MISSING, True),
            HostCheck("lint", Verdict.FAILED),
        )
    ),
    "what the code host requires is running": said(checks=(HostCheck("e2e", Verdict.PENDING, True),)),
    "changes requested in a review": reviewed(review("BEN", Word.CHANGES_REQUESTED)),
    "approvals there that do not count": reviewed(
        review("octocat", Word.APPROVED),
        review("helper[bot]", Word.APPROVED, is_person=False),
        review("ada", Word.APPROVED),
        review("ben", Word.APPROVED, commit="8" * 40),
        approvals=(),
    ),
    "an approval there that was withdrawn": reviewed(
        approvals=(replace(approval(), source=SAID, withdrawn_at=AT),),
    ),
}
