"""How GitHub says no, and how it says not now."""

from datetime import datetime
from typing import Any

from staging_gate.wire.answers import Answer, retry_after
from staging_gate.wire.http import Provider

VERSION = "2022-11-28"
"""The default; 2026-03-10 takes `merge_commit_sha` away from pull requests."""

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": VERSION}

LEAST_WAIT = 60.0
"""Seconds, where a limit was hit and GitHub did not say for how long."""


def limit(answer: Answer, now: datetime) -> float | None:
    """Both limits come as 403 or 429; a 403 that is a real no has none of their signs."""
    if answer.status not in (403, 429):
        return None
    told = retry_after(answer, now)
    if told is not None:
        return told
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - now.timestamp())
    if answer.status == 429 or "rate limit" in said(answer).lower():
        return LEAST_WAIT
    return None


def said(answer: Answer) -> str:
    """GitHub's message, with what it says of single fields; the bare text where it is no error of its kind."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not body.get("message"):
        return answer.text()
    errors = body.get("errors")
    told = [_field(error) for error in errors] if isinstance(errors, list) else [str(errors)] if errors else []
    return " ".join(str(body["message"]).split()) + (f" ({'; '.join(filter(None, told))})" if any(told) else "")


def advice(answer: Answer) -> str:
    """What to do about a no. GitHub names the rights that a call needs in a header."""
    needed = answer.headers.get("x-accepted-github-permissions", "").strip()
    if answer.status == 401:
        return "The token was revoked, has expired or is wrong: make a new one and put it where the settings say."
    if answer.status == 403:
        return f"The token lacks a right{f'; this needs one of: {needed}' if needed else ''}. Grant it, and try again."
    if answer.status == 404:
        return "It is not there, or the token may not see it: check the name, and the token's access to the repository."
    return ""


GITHUB = Provider("GitHub", limit, said, advice)


def _field(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    if error.get("message"):
        return str(error["message"])
    return " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))
