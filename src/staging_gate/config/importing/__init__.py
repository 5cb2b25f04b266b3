"""`gate init`: what render.yaml, vercel.json and their like say, as the draft of a gate.yaml. No value is copied that
may be a secret; a file that can not be read is told with its line, and the rest is read."""

import os
from pathlib import Path

from staging_gate.config.importing.actions import read_origin, read_workflows
from staging_gate.config.importing.javascript import read_package, read_vercel
from staging_gate.config.importing.nouns import FILL_IN, Finding, Found, dashed
from staging_gate.config.importing.python_files import built, migrates, read_django, read_procfile
from staging_gate.config.importing.render_yaml import folder_of, read_render
from staging_gate.config.importing.writing import written

__all__ = ["FILL_IN", "Finding", "Found", "find", "written"]

MOST_DEPTH = 3
_SKIPPED = {"node_modules", "venv", "dist", "build", "vendor", "site-packages", "__pycache__"}


def find(folder: Path) -> Found:
    """Look at the files that we know, at most three folders down."""
    found = Found(folder.resolve())
    read_origin(found)
    found.product = dashed(found.repository.rpartition("/")[2] if found.repository != "local" else found.folder.name)
    read_render(found)
    for service in found.services:
        migrates(found, folder_of(service, found.folder), service)
    known = {folder_of(service, found.folder) for service in found.services}
    for below in _folders(found.folder):
        if (below / "vercel.json").is_file():
            read_vercel(found, below / "vercel.json")
        elif below not in known:
            _local(found, below)
    read_workflows(found)
    return found


def _local(found: Found, folder: Path) -> None:
    """A service that nothing says the provider of: it may run on the server's machine."""
    made = read_procfile(found, folder / "Procfile") if (folder / "Procfile").is_file() else None
    if made is None and (folder / "manage.py").is_file():
        made = read_django(found, folder / "manage.py")
    if made is None and not found.services and (folder / "package.json").is_file():
        made = read_package(found, folder / "package.json")
    if made is None:
        return
    made.build = built(found, folder) or made.build
    migrates(found, folder, made)
    found.services.append(made)


def _folders(root: Path) -> list[Path]:
    found, level = [root], [root]
    for _ in range(MOST_DEPTH):
        level = sorted(below for folder in level for below in folder.iterdir() if _is_ours(below))
        found += level
    return found


def _is_ours(place: Path) -> bool:
    if place.name in _SKIPPED or place.name[0] in "._" or place.is_symlink():
        return False
    return place.is_dir() and os.access(place, os.R_OK | os.X_OK)
