"""The bare repository itself: its settings, and the hook that asks us about every push."""

import shlex
import sys
from pathlib import Path

from staging_gate.adapters.git import hook
from staging_gate.adapters.git.program import Git, check_installed
from staging_gate.ports.errors import Refused

SETTINGS = {
    # Pushes over HTTP are on. Who may push what is the judge's business: git itself forbids neither force nor delete.
    "http.receivepack": "true",
    "receive.denyNonFastForwards": "false",
    "receive.denyDeletes": "false",
    "transfer.fsckObjects": "true",
    # The record names commits whose branches are gone (a squashed head, an old trial): gc packs and never prunes them.
    "gc.cruftPacks": "true",
    "gc.pruneExpire": "never",
    # The reflog says who pushed, as long as the branch is there.
    "core.logAllRefUpdates": "true",
    "gc.reflogExpire": "never",
    "gc.reflogExpireUnreachable": "never",
    # By default git does not flush single objects: after a power cut a branch could name a commit that is not there.
    "core.fsync": "committed",
    "core.fsyncMethod": "batch",
    # Two pushes at the same ref wait for each other instead of failing at once.
    "core.filesRefLockTimeout": "2000",
    "core.packedRefsTimeout": "5000",
}


def create(path: Path) -> None:
    """Make the repository, or bring an existing one up to date. Nothing that is in it is lost."""
    check_installed()
    git = Git(path.absolute())
    if not (path / "HEAD").exists():
        _refuse_occupied(path)
        path.mkdir(parents=True, exist_ok=True)
        git.ask("init", "--quiet", "--bare", "--template=", "--initial-branch=main", "--object-format=sha1")
    listed = git.ask("config", "--local", "--list", "-z").text.split("\0")
    settings = dict(line.partition("\n")[::2] for line in listed if line)
    for key, value in SETTINGS.items():
        if settings.get(key.lower()) != value:
            git.ask("config", "--local", key, value)
    ensure_hook(path)


def ensure_hook(path: Path) -> None:
    """Put our pre-receive hook in place, whatever is there now: without it a push would be judged by nobody."""
    place = path / "hooks" / "pre-receive"
    wanted = hook_text()
    if _is_in_place(place, wanted):
        return
    place.parent.mkdir(exist_ok=True)
    fresh = place.with_name("pre-receive.new")
    fresh.write_text(wanted)
    fresh.chmod(0o755)
    fresh.replace(place)


def hook_text() -> str:
    """A shell line, because a path with a space in it can not stand behind `#!`."""
    command = shlex.join([sys.executable, "-I", "-S", str(Path(hook.__file__).absolute())])
    return f"#!/bin/sh\nexec {command}\n"


def _is_in_place(place: Path, wanted: str) -> bool:
    try:
        return place.read_text(errors="replace") == wanted and bool(place.stat().st_mode & 0o100)
    except FileNotFoundError:
        return False


def _refuse_occupied(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Refused(
            f"{path} is not an empty folder and not a bare git repository, so no repository is made in it. "
            "Choose another path, or move what is there."
        )
