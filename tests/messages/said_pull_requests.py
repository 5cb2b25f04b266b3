"""What is said about pull requests at the code host, with what it is said about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.pull_request import PullRequest, PullState
from staging_gate.messages import pull_requests
from tests.domain.nouns import CHANGE

ADDRESS = "https://github.com/zebra/marketedge/pull/7"
PULL = PullRequest(7, PullState.MERGED, "Log in", "feature/login", "staging", "c" * 40, "ada", address=ADDRESS)
NAMELESS = replace(PULL, address="", ended_by=None)

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    pull_requests.at_the_host: [(PULL,), (NAMELESS,)],
    pull_requests.closed_there: [(PULL,)],
    pull_requests.goes_nowhere: [(PULL,)],
    pull_requests.retargeted: [(CHANGE, replace(CHANGE, target="main"))],
    pull_requests.merged_behind_our_back: [(CHANGE, replace(PULL, ended_by="ben")), (CHANGE, NAMELESS)],
    pull_requests.merged_by: [
        (replace(CHANGE, merged=CHANGE.head, merged_by="ada", method=MergeMethod.SQUASH),),
        (replace(CHANGE, merged=CHANGE.head, merged_by=None),),
    ],
    pull_requests.merged_meanwhile: [(7,)],
    pull_requests.not_ours: [(7,)],
    pull_requests.moved_behind_our_back: [("staging", "c" * 40)],
    pull_requests.tag_behind_our_back: [("v9.9.9",)],
    pull_requests.lone_hotfix: [(7,)],
}
