"""A small browser: keeps cookies, shows redirects instead of following them, and says in a sentence what went wrong."""

import json
import re
from dataclasses import dataclass
from email.message import Message
from html import unescape
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

SECONDS = 10


class Failed(Exception):
    """A smoke test said no; the text says what was asked, what came, and what to look at."""


@dataclass(frozen=True)
class Answer:
    url: str
    status: int
    headers: Message
    text: str

    def must_be(self, status: int, hint: str = "") -> "Answer":
        if self.status != status:
            raise Failed(f"{self.url} answered {self.status}, not {status}: {self.said()}{_because(hint)}")
        return self

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            raise Failed(f"{self.url} did not answer JSON: {self.said()}") from None

    def said(self) -> str:
        """The answer as one short line, without its markup."""
        try:
            body = json.loads(self.text)
            text = str(next((body[name] for name in ("detail", "why", "error_description") if name in body), body))
        except (ValueError, AttributeError):
            text = unescape(re.sub(r"<[^>]*>|\s+", " ", self.text))
        return " ".join(text.split())[:300] or "(nothing)"


class Client:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), _NoRedirect())

    def get(self, path: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """GET a path of the service, or a whole address."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), headers or {})

    def options(self, path: str, headers: dict[str, str]) -> Answer:
        return self._ask("OPTIONS", path, headers)

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        url = path if "://" in path else self.base_url + path
        shown = url.split("?")[0]
        try:
            with self._opener.open(Request(url, headers=headers, method=method), timeout=SECONDS) as answer:
                return Answer(shown, answer.status, answer.headers, answer.read().decode(errors="replace"))
        except HTTPError as answer:
            return Answer(shown, answer.code, answer.headers, answer.read().decode(errors="replace"))
        except TimeoutError:
            raise Failed(f"{shown} did not answer within {SECONDS} s") from None
        except (URLError, HTTPException, ConnectionError) as error:
            raise Failed(f"{shown} can not be reached: {getattr(error, 'reason', error)}") from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _because(hint: str) -> str:
    return f" ({hint})" if hint else ""
