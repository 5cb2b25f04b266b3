"""The sample product of the demo: a fresh copy of it, and the changes to it that are kept as patches.

It lives in `examples/marketedge` of a checkout of Staging Gate, not in the installed package.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path

from staging_gate.ports.errors import Refused
from staging_gate.wire.commands import Captured, capture

KINDS = ("features", "faults")
GENERATED = ("__pycache__", ".venv", ".mypy_cache", ".ruff_cache", "*.db")


@dataclass(frozen=True)
class Overlay:
    """A change to the sample product, ready to be committed. `kind` is `features` or `faults`."""

    name: str
    kind: str
    subject: str
    author: str
    email: str
    patch: Path


def sample() -> Path:
    """Where the sample product is. Raises Refused outside a checkout."""
    found = Path(__file__).resolve().parents[3] / "examples" / "marketedge"
    if not (found / "gate.yaml").is_file():
        raise Refused(
            f"The sample product is not at {found}. It is part of a checkout of Staging Gate, not of the installed "
            "package: clone the repository and run `./gate demo` there."
        )
    return found


def copy_sample(into: Path) -> None:
    """Copy the product, without its overlays, into `into`, which may exist and then should hold no file of it."""
    shutil.copytree(sample(), into, ignore=shutil.ignore_patterns(*KINDS, *GENERATED), dirs_exist_ok=True)


def overlays() -> dict[str, Overlay]:
    """Every feature and every fault by name."""
    patches = [patch for kind in KINDS for patch in sorted((sample() / kind).glob("*.patch"))]
    return {patch.stem: _read(patch) for patch in patches}


def apply(name: str, into: Path) -> Overlay:
    """Commit an overlay on the branch that is checked out in `into`, in its author's name.

    Raises Refused where there is no such overlay, or it does not fit the code; nothing is changed then.
    """
    known = overlays()
    if name not in known:
        raise Refused(f"There is no overlay {name!r}; there are {', '.join(known)}.")
    done = _git_am(known[name], into, str(known[name].patch))
    if done.code != 0:
        _git_am(known[name], into, "--abort")
        raise Refused(f"The overlay {name} does not fit the code in {into}.", done.err.decode(errors="replace"))
    return known[name]


def freeze(tree: Path, on: date, why: str) -> None:
    """Write a freeze of production into the product's gate.yaml: from the day before to three days after."""
    first, last = on - timedelta(days=1), on + timedelta(days=3)
    with (tree / "gate.yaml").open("a") as policy:
        policy.write(f"\ncalendar:\n  freezes:\n    - {{from: {first}, until: {last}, why: {why}}}\n")


def _git_am(overlay: Overlay, into: Path, argument: str) -> Captured:
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_COMMITTER_NAME": overlay.author,
        "GIT_COMMITTER_EMAIL": overlay.email,
    }
    return capture(["git", "am", "--quiet", argument], environ=environ, cwd=into)


def _read(patch: Path) -> Overlay:
    headers = BytesHeaderParser(policy=policy.default).parsebytes(patch.read_bytes())
    author, email = parseaddr(str(headers["From"]))
    subject = str(headers["Subject"]).removeprefix("[PATCH] ")
    return Overlay(patch.stem, patch.parent.name, subject, author, email, patch)
