"""What a provider answered before, so that it may say "not modified" instead of saying it again.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from staging_gate.wire.answers import Answer

NOT_MODIFIED = 304
USUAL_PAGE = 30
"""Of GitHub, where nobody says another size."""


class Memory:
    """The latest answers to what was read, at most `largest` bytes of bodies. Safe from any thread."""

    def __init__(self, largest: int = 16 * 1024 * 1024) -> None:
        self._largest = largest
        self._turn = Lock()
        self._known: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    def recall(self, address: str) -> Answer | None:
        with self._turn:
            known = self._known.get(address)
            if known is not None:
                self._known.move_to_end(address)
            return known

    def settle(self, address: str, known: Answer | None, answer: Answer) -> Answer:
        """What the provider means by `answer`, which it gave to whoever knew `known`; remembered where it can be."""
        if answer.status == NOT_MODIFIED and known is not None:
            return replace(known, headers={**known.headers, **answer.headers})
        self._keep(address, answer)
        return answer

    def _keep(self, address: str, answer: Answer) -> None:
        with self._turn:
            if gone := self._known.pop(address, None):
                self._bytes -= len(gone.body)
            if not _can_be_asked_about(address, answer):
                return
            self._known[address] = answer
            self._bytes += len(answer.body)
            while self._bytes > self._largest:
                _, oldest = self._known.popitem(last=False)
                self._bytes -= len(oldest.body)


def condition(known: Answer | None) -> Mapping[str, str]:
    """The header by which a provider may say that it is still so."""
    return {"if-none-match": known.headers["etag"]} if known is not None else {}


def _can_be_asked_about(address: str, answer: Answer) -> bool:
    """The last page of a list can not once it is full: it stays the same when another page begins behind it, which
    only its link tells."""
    if answer.status != 200 or not answer.headers.get("etag") or not answer.is_json:
        return False
    found = answer.json()
    return answer.next_page is not None or not isinstance(found, list) or len(found) < _page_size(address)


def _page_size(address: str) -> int:
    asked = parse_qs(urlsplit(address).query).get("per_page", [""])[-1]
    return int(asked) if asked.isdigit() else USUAL_PAGE
