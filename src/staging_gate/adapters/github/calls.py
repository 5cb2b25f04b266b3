"""The calls to one repository's API, each with what GitHub answers it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any, TypeVar
from urllib.parse import quote

from staging_gate.adapters.github.shapes import (
    Activity,
    GitTag,
    PullRequest,
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
        return understood(PullRequest, self.http.get(f"{self._place}/pulls/{number}"))

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
