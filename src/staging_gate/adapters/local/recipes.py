"""How a service says that it is built, and what names the outcome: the command, its lock files, the interpreter."""

import contextlib
import hashlib
import json
import os
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from staging_gate.ports.errors import Refused

FORMAT = "1"
"""Counted up when what we do with a recipe changes, so that nothing built the old way is taken for the new."""


PROJECT = "pyproject.toml"
UV_SETTINGS = ("uv.toml", PROJECT)


class BuildFailed(Refused):
    """The project's own build said no, or is not as it has to be."""


class Kind(StrEnum):
    """PIP_SYNC and UV_SYNC make a Python environment that builds with the same lock share; COMMAND runs as it is."""

    NOTHING = "nothing"
    PIP_SYNC = "uv pip sync"
    UV_SYNC = "uv sync"
    COMMAND = "command"


@dataclass(frozen=True)
class Interpreter:
    """A Python that the accounts can execute; `version` tells it from an update of the same path."""

    path: str
    version: str


@dataclass(frozen=True)
class Recipe:
    argv: tuple[str, ...]
    kind: Kind

    @property
    def shares_environment(self) -> bool:
        return self.kind in (Kind.PIP_SYNC, Kind.UV_SYNC)

    @property
    def files(self) -> tuple[str, ...]:
        """What of `uv pip sync ...` is no option. Options with a value are written `--name=value`."""
        return tuple(part for part in self.argv[3:] if not part.startswith("-"))

    def key(self, interpreter: Interpreter) -> str:
        """Names what a build of any tree by this recipe is; services with the same one share their builds."""
        return digest(FORMAT, *self.argv, interpreter.path, interpreter.version)

    def environment_key(self, checkout: Path, interpreter: Interpreter) -> str:
        """Names the environment: two trees with the same lock have the same. Refused where it can not be shared."""
        lock = _pip_lock(self, checkout) if self.kind is Kind.PIP_SYNC else _uv_lock(checkout)
        return digest(FORMAT, *self.argv, interpreter.path, interpreter.version, lock, _uv_settings(checkout))


def recognise(build: tuple[str, ...]) -> Recipe:
    if not build:
        return Recipe(build, Kind.NOTHING)
    if build[:3] == ("uv", "pip", "sync"):
        return Recipe(build, Kind.PIP_SYNC)
    if build[:2] == ("uv", "sync") and "--frozen" in build:
        return Recipe(build, Kind.UV_SYNC)
    return Recipe(build, Kind.COMMAND)


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


_INCLUDED = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)")
_LOCAL = re.compile(r"\s*(?:-e\b|--editable\b|\.{0,2}/|\.\s*(?:#|$)|file:|\S+\s*@\s*(?:file:|\.))")


def _pip_lock(recipe: Recipe, checkout: Path) -> str:
    if not recipe.files:
        raise BuildFailed("The build names no file: it should read `uv pip sync [--require-hashes] requirements.lock`.")
    texts: dict[str, str] = {}
    for name in recipe.files:
        _collect(checkout, name, texts)
    return json.dumps(texts, sort_keys=True)


def _collect(checkout: Path, name: str, texts: dict[str, str]) -> None:
    """Read a requirements file and those that it includes into `texts`."""
    if name in texts:
        return
    texts[name] = _text(checkout, name)
    for number, line in enumerate(texts[name].splitlines(), start=1):
        if _LOCAL.match(line):
            raise BuildFailed(
                f"{name}:{number}: `{line.strip()}` points into the checkout, but the environment is shared by all "
                "trees with this lock. Leave it out (code is imported from the folder that it runs in), or write "
                "the build as another command."
            )
        if included := _INCLUDED.match(line):
            _collect(checkout, os.path.join(os.path.dirname(name), included[1]), texts)


def _uv_lock(checkout: Path) -> str:
    """uv.lock and what of pyproject.toml says which of it is installed."""
    try:
        project = tomllib.loads(_text(checkout, PROJECT))
    except tomllib.TOMLDecodeError as error:
        raise BuildFailed(f"pyproject.toml can not be read: {error}.") from error
    about: dict[str, Any] = project.get("project", {})
    chosen = {
        "dependencies": about.get("dependencies"),
        "extras": about.get("optional-dependencies"),
        "python": about.get("requires-python"),
        "groups": project.get("dependency-groups"),
    }
    return json.dumps(chosen, sort_keys=True, default=str) + _text(checkout, "uv.lock")


def _uv_settings(checkout: Path) -> str:
    """Where uv fetches from, and how, can be in the tree too: one that says otherwise makes an environment of its own.

    Else any change could fill the environment of all who have its lock, from a registry of its choice.
    """
    present = {name: _text(checkout, name) for name in UV_SETTINGS if os.path.lexists(checkout / name)}
    with contextlib.suppress(KeyError, AttributeError, tomllib.TOMLDecodeError):  # else all of the text counts
        tools = tomllib.loads(present[PROJECT]).get("tool", {})
        present[PROJECT] = json.dumps(tools.get("uv"), sort_keys=True, default=str)
    return json.dumps(present)


def _text(checkout: Path, name: str) -> str:
    path = checkout / name
    if not path.resolve().is_relative_to(checkout.resolve()) or not path.is_file():
        raise BuildFailed(
            f"The build needs {name}, which is not in the tree. Add the file"
            + (", or write the option as --name=value." if "://" in name else ", or correct `build` in gate.yaml.")
        )
    return path.read_text(encoding="utf-8", errors="replace")
