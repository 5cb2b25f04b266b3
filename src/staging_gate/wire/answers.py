"""What a provider said, before anybody gives it a meaning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`headers` have small letters. `next_page` is the address of the page after this one, where there is one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    next_page: str | None = None

    def json(self) -> Any:
        """None for an empty body. Raises ValueError where it is no JSON."""
        return json.loads(self.body) if self.body.strip() else None

    @property
    def kind(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """An empty body says nothing and is taken for JSON."""
        try:
            self.json()
        except ValueError:
            return False
        return not self.body.strip() or self.kind == "" or self.kind.endswith(("/json", "+json"))

    def text(self, most: int = 500) -> str:
        """The beginning of the body on one line."""
        shown = " ".join(self.body[: 4 * most].decode(errors="replace").split())
        return shown if len(shown) <= most else shown[: most - 1] + "…"


@dataclass(frozen=True)
class Call:
    """One request as it is put on record: `path` without its query, `status` None where no answer came."""

    provider: str
    method: str
    path: str
    status: int | None
    seconds: float
    attempt: int
    problem: str = ""


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds to wait by the header Retry-After, which is a number or a date; None where it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def no_limit_known(answer: Answer, now: datetime) -> float | None:
    """The reader of rate limits for a provider that only says 429."""
    if answer.status != 429:
        return None
    told = retry_after(answer, now)
    return 60.0 if told is None else told
