"""Keeping secrets out of whatever is shown, logged or recorded."""

import re
from threading import Lock

HIDDEN = "[redacted]"

_LOOKS_SECRET = re.compile(
    r"""
    (?<=://)[^/\s@:]+:[^/\s@]+(?=@)                                   # user:password@host
    | \b(?:gh[opusr]_|github_pat_)[A-Za-z0-9_.\-]+                    # GitHub's tokens, of any length
    | \beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?     # signed JSON tokens
    | (?<=\bBearer\ )[^\s"',]+
    | (?<=\bBasic\ )[A-Za-z0-9+/=]{8,}
    """,
    re.VERBOSE,
)
_SHORTEST = 6


class Redactor:
    """Hides the secrets that it was told, and what looks like one. Safe from any thread."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()
        self._turn = Lock()

    def learn(self, *secrets: str) -> None:
        """Whatever is shorter than six characters is no secret: hiding it would hide everything."""
        with self._turn:
            fresh = {one for one in secrets if len(one) >= _SHORTEST} - set(self._known)
            if fresh:
                self._known = tuple(sorted({*self._known, *fresh}, key=len, reverse=True))

    def hide(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return _LOOKS_SECRET.sub(HIDDEN, text)
