"""Merging a pull request, exactly as it was let through.

GitHub pins the head (`sha`) and not the base. So the base is looked at right before, and GitHub's own rule that a
branch must be up to date closes the moment between; see docs/adr/0010-github-pins-the-head.md.
"""

import logging
from collections.abc import Iterable
from typing import Protocol

from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.shapes import MergeResult, PullRequest, understood
from staging_gate.domain.revision import Revision
from staging_gate.ports.clock import Clock
from staging_gate.ports.code_host import CodeHost, HeadMoved, MergeOrder
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.wire.answers import Answer

_log = logging.getLogger(__name__)

ASK_AGAIN_AFTER = (1.0, 2.0, 4.0, 8.0)
"""Seconds; GitHub computes whether a pull request merges when somebody asks."""


class Admitting(CodeHost, Protocol):
    def admit(self, order: MergeOrder) -> None: ...


class Source(Protocol):
    """The mirror of the repository."""

    def now(self) -> Admitting: ...
    def arrived(self, commit: str) -> Revision: ...


class Merging:
    def __init__(self, calls: Calls, copy: Source, clock: Clock) -> None:
        self._calls, self._copy, self._clock = calls, copy, clock

    def merge(self, order: MergeOrder) -> Revision:
        """As the port says. An order of no change is of whatever pull request has this head; where there is none, we
        open one."""
        mirror = self._copy.now()
        tip = mirror.branches().get(order.into)
        if tip != order.base:
            return self._done_already(order) or self._moved(order.into, tip)
        mirror.admit(order)
        pull = self._computed(order, order.change or self._pull_request(order, mirror).number)
        if pull.is_merged:
            return self._done_already(order) or self._moved(order.into, tip)
        title, _, message = order.message.partition("\n")
        answer = self._calls.merge(pull.number, order.head, order.method, title.strip(), message.strip())
        if answer.status != 200:
            return self._done_already(order) or self._not_merged(order, pull, answer)
        return self._as_let_through(order, self._copy.arrived(understood(MergeResult, answer).sha))

    def _done_already(self, order: MergeOrder) -> Revision | None:
        """The merge of this head into this branch, by us before we were killed or by anybody."""
        pulls = [self._calls.pull_request(order.change)] if order.change else self._calls.closed_lately(order.into)
        for pull in pulls:
            if pull.is_merged and pull.head.sha == order.head and pull.base.ref == order.into:
                if not pull.merge_commit_sha:
                    raise Unclear(
                        f"GitHub says that #{pull.number} is merged, and not which commit that made. Look at "
                        f"{order.into} there."
                    )
                return self._copy.arrived(pull.merge_commit_sha)
        return None

    def _pull_request(self, order: MergeOrder, mirror: CodeHost) -> PullRequest:
        if found := _of_head(self._calls.open_pull_requests(order.into), order.head):
            return found
        branches = [name for name, tip in mirror.branches().items() if tip == order.head and name != order.into]
        if not branches:
            raise Refused(
                f"No branch at GitHub is at {order.head[:10]}, so there is nothing to merge into {order.into}. Push "
                "the branch to this repository: branches of forks are not taken."
            )
        title, _, body = order.message.partition("\n")
        opened = self._calls.open_pull_request(branches[0], order.into, title.strip(), body.strip())
        found = opened or next(iter(self._calls.pull_requests_of(branches[0], order.into)), None)
        if found is None:
            raise Unavailable(f"GitHub says that {branches[0]} has a pull request, and does not show it yet.", "", 5.0)
        return found

    def _computed(self, order: MergeOrder, number: int) -> PullRequest:
        """The pull request once GitHub knows whether it merges, and knows of the last push."""
        for pause in (0.0, *ASK_AGAIN_AFTER):
            if pause:
                self._clock.pause(pause)
            pull = self._calls.pull_request(number)
            if (
                pull.is_merged
                or pull.base.ref != order.into
                or (pull.head.sha == order.head and pull.mergeable is not None)
            ):
                break
        if pull.is_merged:
            return pull
        if pull.base.ref != order.into:
            raise Refused(
                f"#{number} goes to {pull.base.ref} at GitHub now, and no more to {order.into}. Nothing was merged: "
                "what the gate says of it is worked out anew."
            )
        if pull.head.sha != order.head:
            raise HeadMoved(pull.head.ref, pull.head.sha)
        if pull.mergeable is None:
            raise Unavailable(f"GitHub is still computing whether #{pull.number} merges. Nothing was merged.", "", 15.0)
        if pull.state != "open":
            raise Refused(f"#{pull.number} was closed at GitHub without being merged. Open it there again.")
        return pull

    def _not_merged(self, order: MergeOrder, pull: PullRequest, answer: Answer) -> Revision:
        """405, 409 and 422 told apart; GitHub says 405 as well where the base moved in this very moment."""
        said = self._calls.http.said(answer)
        now = self._copy.now().branches()
        if answer.status == 409 or now.get(pull.head.ref) != order.head:
            raise HeadMoved(pull.head.ref, now.get(pull.head.ref))
        if now.get(order.into) != order.base:
            raise HeadMoved(order.into, now.get(order.into))
        raise Refused(
            f"GitHub does not merge #{pull.number} into {order.into}: {said.rstrip('.')}. Nothing was merged. Where a "
            "rule of the repository asks for more than Staging Gate does, fulfil it there, or change the rule.",
            f"{answer.status} {said}",
        )

    def _moved(self, ref: str, found: str | None) -> Revision:
        raise HeadMoved(ref, found)

    def _as_let_through(self, order: MergeOrder, merged: Revision) -> Revision:
        if merged.tree != order.tree:
            # What is merged is merged. The caller records the tree that there is, and nothing has proved that one.
            _log.warning("%s moved while %s was merged into it: the tree is another one", order.into, order.head[:10])
        return merged


def _of_head(pulls: Iterable[PullRequest], head: str) -> PullRequest | None:
    return next((pull for pull in pulls if pull.head.sha == head), None)
