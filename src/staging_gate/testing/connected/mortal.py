"""Providers as runs of ours reach them: we can die before each call that changes something, and after it.

After it the provider has acted, and nobody of us ever heard of that.
"""

import re
from typing import Any, cast

from staging_gate.testing.killing import Kills
from staging_gate.wire.answers import Answer
from staging_gate.wire.http import READING, Http


def mortal(http: Http, name: str, kills: Kills) -> Http:
    return cast(Http, MortalHttp(http, name, kills))


class MortalHttp:
    """Stands for an Http."""

    def __init__(self, http: Http, name: str, kills: Kills) -> None:
        self._http, self._name, self._kills = http, name, kills

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        if method in READING:
            return self._http.ask(method, path, **more)
        what = f"{self._name} {method} {_without_ids(path)}"
        self._kills.point(f"before {what}")
        answer = self._http.ask(method, path, **more)
        self._kills.point(f"after {what}")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


def _without_ids(path: str) -> str:
    """Commits and deploys are called otherwise each time that a story is told."""
    return re.sub(r"[0-9a-f]{40}|(dep-|dpl_)\w+", "...", path)
