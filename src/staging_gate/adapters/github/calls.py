"""The calls to one repository's API, each with what GitHub answers it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, TypeVar
from urllib.parse import quote

from staging_gate.adapters.github.shapes import (
    Activity,
    Branch,
    CheckRun,
    CheckRuns,
    ClassicRequirement,
    CombinedStatus,
    GitTag,
    Issue,
    Notes,
    PullRequest,
    Release,
    Review,
    Rule,
    Status,
    understood,
    understood_value,
)
from staging_gate.domain.policy import MergeMethod
from staging_gate.wire.answers import Answer
from staging_gate.wire.http import Http

PAGE = 100
LATELY = 3
"""Pages of pull requests that were closed last, in which a merge of ours is looked for."""

NOBODYS_MAIL = "staging-gate.invalid"

T = TypeVar("T")


class Calls:
    """`name` is OWNER/NAME."""

    def __init__(self, http: Http, name: str) -> None:
        self.http, self.name = http, name
        self._place = f"/repos/{name}"

    def pull_request(self, number: int) -> PullRequest:
        """Told in full each time: GitHub computes `mergeable` when somebody asks."""
        return understood(PullRequest, self.http.ask("GET", f"{self._place}/pulls/{number}", anew=True))

    def pull_request_if_any(self, number: int) -> PullRequest | None:
        answer = self.http.get(f"{self._place}/pulls/{number}", also=(404,))
        return None if answer.status == 404 else understood(PullRequest, answer)

    def issue(self, number: int) -> Issue:
        return understood(Issue, self.http.get(f"{self._place}/issues/{number}"))

    def all_open(self) -> list[PullRequest]:
        return list(self._listed(PullRequest, "/pulls", {"state": "open"}))

    def edit_pull_request(self, number: int, changes: dict[str, str]) -> PullRequest:
        """As it is then; to ask for the same twice changes nothing."""
        answer = self.http.ask("PATCH", f"{self._place}/pulls/{number}", body=changes, harmless=True)
        return understood(PullRequest, answer)

    def open_pull_requests(self, into: str) -> list[PullRequest]:
        return list(self._listed(PullRequest, "/pulls", {"state": "open", "base": into}))

    def pull_requests_of(self, branch: str, into: str) -> list[PullRequest]:
        """The open ones from a branch of this repository."""
        head = f"{self.name.partition('/')[0]}:{branch}"
        return list(self._listed(PullRequest, "/pulls", {"state": "open", "base": into, "head": head}))

    def closed_lately(self, into: str) -> Iterator[PullRequest]:
        """Newest first."""
        order: dict[str, str | int] = {"state": "closed", "base": into, "sort": "updated", "direction": "desc"}
        return self._listed(PullRequest, "/pulls", order, most=LATELY)

    def open_pull_request(self, branch: str, into: str, title: str, body: str) -> PullRequest | None:
        """None where GitHub refuses because there is one already. Every other no is Refused."""
        asked = {"head": branch, "base": into, "title": title, "body": body}
        answer = self.http.ask("POST", f"{self._place}/pulls", body=asked, also=(422,))
        if answer.status == 422:
            if b"already exists" not in answer.body:
                raise self.http.refusal("POST", f"{self._place}/pulls", answer)
            return None
        return understood(PullRequest, answer)

    def reviews(self, number: int) -> list[Review]:
        """In the order in which they were given."""
        return list(self._listed(Review, f"/pulls/{number}/reviews", {}))

    def check_runs(self, commit: str) -> list[CheckRun]:
        """The latest of each name and App."""
        path = f"{self._place}/commits/{commit}/check-runs"
        pages = self.http.pages(path, {"filter": "latest", "per_page": PAGE})
        return [run for page in pages for run in understood_value(CheckRuns, page).check_runs]

    def statuses(self, commit: str) -> list[Status]:
        """The latest of each context."""
        pages = self.http.pages(f"{self._place}/commits/{commit}/status", {"per_page": PAGE})
        return [status for page in pages for status in understood_value(CombinedStatus, page).statuses]

    def rules(self, branch: str) -> list[Rule]:
        """Those that hold for the branch, of the repository's and the organization's rulesets."""
        return list(self._listed(Rule, f"/rules/branches/{quote(branch, safe='')}", {}))

    def classic_requirement(self, branch: str) -> ClassicRequirement | None:
        """What classic protection requires; None where there is none.

        Asking for it directly needs a right of administrators; what everybody may see of a branch says the same.
        """
        place = f"{self._place}/branches/{quote(branch, safe='')}"
        answer = self.http.get(f"{place}/protection/required_status_checks", also=(403, 404))
        if answer.status == 200:
            return understood(ClassicRequirement, answer)
        shown = understood(Branch, self.http.get(place))
        return shown.protection.required_status_checks if shown.protected and shown.protection else None

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Those that it has already stay."""
        self.http.ask("POST", f"{self._place}/issues/{number}/labels", body={"labels": list(labels)}, harmless=True)

    def remove_label(self, number: int, label: str) -> None:
        """One that it does not have is removed already."""
        path = f"{self._place}/issues/{number}/labels/{quote(label, safe='')}"
        self.http.ask("DELETE", path, also=(404,), harmless=True)

    def release_of(self, tag: str) -> Release | None:
        """The published one; None where there is none, or only a draft."""
        answer = self.http.get(f"{self._place}/releases/tags/{quote(tag, safe='')}", also=(404,))
        return None if answer.status == 404 else understood(Release, answer)

    def publish_release(self, tag: str, title: str, notes: str, *, prerelease: bool = False) -> Release:
        """Of a tag that is there: GitHub would make a missing one itself, lightweight. Done already: the same again.

        Raises Unclear where the reply was lost: the next call looks first.
        """
        if found := self.release_of(tag):
            return found
        asked = {"tag_name": tag, "name": title, "body": notes, "draft": False, "prerelease": prerelease}
        answer = self.http.ask("POST", f"{self._place}/releases", body=asked, also=(422,))
        if answer.status == 422:
            if found := self.release_of(tag):
                return found
            raise self.http.refusal("POST", f"{self._place}/releases", answer)
        return understood(Release, answer)

    def generated_notes(self, tag: str, commit: str, since: str | None = None) -> Notes:
        """What GitHub would write of the pull requests between two tags; nothing is made."""
        asked = {"tag_name": tag, "target_commitish": commit} | ({"previous_tag_name": since} if since else {})
        return understood(
            Notes, self.http.ask("POST", f"{self._place}/releases/generate-notes", body=asked, harmless=True)
        )

    def merge(self, number: int, head: str, method: MergeMethod, title: str, message: str) -> Answer:
        """200, or 405 (it may not or can not), 409 (the head moved), 422; nothing but 200 changed anything."""
        asked = {"sha": head, "merge_method": str(method), "commit_title": title, "commit_message": message}
        return self.http.ask("PUT", f"{self._place}/pulls/{number}/merge", body=asked, also=(405, 409, 422))

    def create_tag_object(self, name: str, commit: str, message: str, author: str, at: datetime) -> GitTag:
        """An object that no ref leads to yet: to make it twice changes nothing."""
        asked = {"tag": name, "object": commit, "type": "commit", "message": message, "tagger": _person(author, at)}
        return understood(GitTag, self.http.ask("POST", f"{self._place}/git/tags", body=asked, harmless=True))

    def create_ref(self, ref: str, to: str) -> Answer:
        """201, or 422: it exists already, or its name is in the way of another."""
        return self.http.ask("POST", f"{self._place}/git/refs", body={"ref": ref, "sha": to}, also=(422,))

    def delete_branch(self, name: str) -> None:
        """One that is gone already is deleted. Refused where it is protected."""
        path = f"{self._place}/git/refs/heads/{quote(name)}"
        answer = self.http.ask("DELETE", path, also=(404, 422))
        if answer.status == 422 and b"does not exist" not in answer.body:
            raise self.http.refusal("DELETE", path, answer)

    def activity(self, branch: str) -> list[Activity]:
        """The moves of a branch that GitHub remembers, newest first; none where it does not tell (GHES before 3.9)."""
        answer = self.http.get(
            f"{self._place}/activity", {"ref": f"refs/heads/{branch}", "per_page": PAGE}, also=(404,)
        )
        return [] if answer.status == 404 else understood(list[Activity], answer)

    def _listed(self, kind: type[T], path: str, params: dict[str, str | int], most: int | None = None) -> Iterator[T]:
        pages: Iterator[Any] = self.http.pages(self._place + path, {**params, "per_page": PAGE})
        for number, page in enumerate(pages, 1):
            yield from understood_value(list[kind], page)  # type: ignore[valid-type]
            if number == most:
                return


def _person(author: str, at: datetime) -> dict[str, str]:
    """`Ada <ada@example.com>`, or a name alone, which gets an address that is nobody's."""
    name, mail = parseaddr(author) if "<" in author else (author, "")
    name = " ".join(name.split()) or "Staging Gate"
    mail = mail or "-".join(name.split()) + f"@{NOBODYS_MAIL}"
    return {"name": name, "email": mail, "date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
