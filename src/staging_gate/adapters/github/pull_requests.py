"""The port pull_requests on one repository at GitHub."""

from collections.abc import Iterator, Sequence
from typing import Any

from staging_gate.adapters.github import opinions
from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.requirements import Requirements
from staging_gate.adapters.github.shapes import Issue, PullRequest
from staging_gate.domain import pull_request as noun
from staging_gate.domain.pull_request import HostCheck, Opinion, PullState, Word
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Unavailable, Unclear
from staging_gate.ports.pull_requests import Opened, PullRequestOrder

WORDS = {"APPROVED": Word.APPROVED, "CHANGES_REQUESTED": Word.CHANGES_REQUESTED}
GONE = "unknown/unknown"


class GitHubPullRequests:
    """Safe from any thread."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._required = Requirements(calls, clock)

    def open_ones(self) -> list[noun.PullRequest]:
        found = [self._noun(pull) for pull in self._calls.all_open()]
        return sorted(found, key=lambda pull: pull.number)

    def read(self, number: int) -> noun.PullRequest | None:
        pull = self._calls.pull_request_if_any(number)
        if pull is None:
            return None
        given = opinions.last_words(self._calls.reviews(number))
        checks = self._checks(pull) if pull.state == "open" else ()
        return self._noun(pull, opinions=tuple(map(_opinion, given)), checks=checks, ended_by=self._ended_by(pull))

    def open(self, order: PullRequestOrder) -> Opened:
        if found := self._of(order):
            return Opened(found, ours=False)
        try:
            made = self._calls.open_pull_request(order.source, order.target, order.title, order.description)
        except Unclear:
            found = self._of(order)
            if found is None:
                raise
            return Opened(found, ours=True)
        if made is not None:
            return Opened(self._noun(made), ours=True)
        if found := self._of(order):
            return Opened(found, ours=False)
        raise Unavailable(f"GitHub says that {order.source} has a pull request, and does not show it yet.", "", 5.0)

    def edit(self, number: int, title: str, description: str) -> None:
        self._calls.edit_pull_request(number, {"title": title, "body": description})

    def label(self, number: int, add: Sequence[str], remove: Sequence[str]) -> None:
        if add:
            self._calls.add_labels(number, add)
        for name in remove:
            self._calls.remove_label(number, name)

    def close(self, number: int) -> PullState:
        pull = self._calls.pull_request(number)
        if pull.state == "open":
            pull = self._calls.edit_pull_request(number, {"state": "closed"})
        return _state(pull)

    def _of(self, order: PullRequestOrder) -> noun.PullRequest | None:
        found = map(self._noun, self._calls.pull_requests_of(order.source, order.target))
        return next((pull for pull in found if pull.source == order.source and not pull.fork), None)

    def _checks(self, pull: PullRequest) -> tuple[HostCheck, ...]:
        """Those that are required first; of the head as it is now."""
        calls, head = self._calls, pull.head.sha
        found = opinions.checks(calls.check_runs(head), calls.statuses(head))
        wanted = self._required.of(pull.base.ref)
        required = [_required(one, found) for one in wanted]
        names = {one.name for one in wanted}
        others = [HostCheck(c.name, c.verdict, False, c.address or "") for c in found if c.name not in names]
        return (*required, *others)

    def _ended_by(self, pull: PullRequest) -> str | None:
        if pull.state == "open":
            return None
        if pull.is_merged and pull.merged_by:
            return pull.merged_by.login
        issue: Issue = self._calls.issue(pull.number)
        return issue.closed_by.login if issue.closed_by else None

    def _noun(self, pull: PullRequest, **details: Any) -> noun.PullRequest:
        return noun.PullRequest(
            number=pull.number,
            state=_state(pull),
            title=pull.title or "",
            source=pull.head.ref,
            target=pull.base.ref,
            head=pull.head.sha,
            author=pull.user.login if pull.user else "ghost",
            author_is_person=pull.user.is_person if pull.user else False,
            description=(pull.body or "").replace("\r\n", "\n"),
            labels=tuple(label.name for label in pull.labels or () if label.name),
            draft=bool(pull.draft),
            fork=self._fork(pull),
            address=pull.html_url or "",
            merged=pull.merge_commit_sha if pull.is_merged else None,
            merged_at=pull.merged_at,
            **details,
        )

    def _fork(self, pull: PullRequest) -> str:
        repository = pull.head.repo
        if repository is None:
            owner = (pull.head.label or "").partition(":")[0]
            return f"{owner}/unknown" if owner else GONE
        name = str(repository.get("full_name") or "")
        return "" if name.casefold() == self._calls.name.casefold() else name or GONE


def _state(pull: PullRequest) -> PullState:
    if pull.is_merged:
        return PullState.MERGED
    return PullState.OPEN if pull.state == "open" else PullState.CLOSED


def _opinion(given: opinions.Opinion) -> Opinion:
    word = WORDS.get(given.state, Word.OTHER)
    key = given.key or f"{given.state}-{given.commit}"
    return Opinion(key, given.person, word, given.commit, given.at, given.is_person, given.address or "")


def _required(wanted: opinions.Required, found: Sequence[opinions.Check]) -> HostCheck:
    verdict = opinions.standing(wanted, found)
    same = _named(wanted, found)
    address = next((one.address for one in same if one.verdict is verdict and one.address), "")
    return HostCheck(wanted.name, verdict, True, address, f"App {wanted.app}" if wanted.app else "")


def _named(wanted: opinions.Required, found: Sequence[opinions.Check]) -> Iterator[opinions.Check]:
    return (one for one in found if one.name == wanted.name and wanted.app in (None, one.app))
