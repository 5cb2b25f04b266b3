"""References to secrets: `env:NAME` and `file:PATH` become values only when something is started."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from staging_gate.ports.errors import Refused

HIDDEN = "[redacted]"
SHORTEST = 4
"""Shorter secrets are not looked for in text: they would make it unreadable and are none."""

_REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)


@dataclass(frozen=True)
class Resolved:
    """Variables with their real values. `hide` takes the secret ones out of a text."""

    environ: Mapping[str, str]
    secrets: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def resolve(environ: Mapping[str, str]) -> Resolved:
    """Read every reference. Raises Refused that names all variables whose secret is not there, never a value."""
    if problems := missing(environ):
        raise Refused("A secret is missing. " + " ".join(problems))
    values = {name: _read(value) or "" for name, value in environ.items()}
    secrets = {part for name, value in environ.items() if _REFERENCE.fullmatch(value) for part in _parts(values[name])}
    return Resolved(values, tuple(sorted(secrets, key=len, reverse=True)))


def is_reference(value: str) -> bool:
    return _REFERENCE.fullmatch(value) is not None


def read(reference: str) -> str | None:
    """What a reference leads to; None where it leads nowhere, or is none."""
    return _read(reference) if is_reference(reference) else None


def missing(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each reference that leads nowhere."""
    return [_explain(name, value) for name, value in environ.items() if _read(value) is None]


class Hiding:
    """Passes text on without its secrets, whole lines at a time, so that none is missed between two blocks."""

    def __init__(self, resolved: Resolved, output: Callable[[str], None]) -> None:
        self._resolved = resolved
        self._output = output
        self._waiting = ""

    def __call__(self, text: str) -> None:
        if not self._resolved.secrets:
            return self._output(text)
        whole, newline, self._waiting = (self._waiting + text).rpartition("\n")
        return self._output(self._resolved.hide(whole + newline)) if newline else None

    def end(self) -> None:
        if self._waiting:
            self._output(self._resolved.hide(self._waiting))
        self._waiting = ""


def _parts(secret: str) -> list[str]:
    """What to look for in text: the whole, and each line of it, since output comes line by line."""
    return [part for part in (secret, *secret.splitlines()) if len(part) >= SHORTEST]


def _read(value: str) -> str | None:
    """The value itself, or what its reference leads to; None where that is not there or empty."""
    reference = _REFERENCE.fullmatch(value)
    if not reference:
        return value
    kind, name = reference.groups()
    if kind == "env":
        return os.environ.get(name) or None
    try:
        return Path(name).read_text(encoding="utf-8").removesuffix("\n") or None if name.startswith("/") else None
    except (OSError, UnicodeDecodeError):
        return None


def _explain(name: str, value: str) -> str:
    kind, _, where = value.partition(":")
    if kind == "env":
        return f"{name} is {value}, but {where} is not set where Staging Gate runs: set it and start that again."
    if not where.startswith("/"):
        return f"{name} is {value}, but a secret's file needs its full path."
    return f"{name} is {value}, but that file can not be read or is empty: write the secret there."
