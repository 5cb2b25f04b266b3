"""Whole folders: handing them to an account, closing them for writing, removing them."""

import contextlib
import os
import shutil
import stat
from pathlib import Path

from staging_gate.adapters.local.layout import make_folder
from staging_gate.wire.commands import Account


def make_home(home: Path, account: Account | None) -> Path:
    """A folder of its own for what a process writes, with a `tmp` in it."""
    make_folder(home, 0o700)
    make_folder(home / "tmp", 0o700)
    hand_over(home, account)
    return home


def hand_over(folder: Path, account: Account | None) -> None:
    """Make a folder with all in it the property of an account. Without one it stays ours."""
    if account and os.geteuid() == 0:
        for _, folders, files, here in os.fwalk(folder):
            os.chown(here, account.uid, account.gid)
            for name in (*folders, *files):
                os.chown(name, account.uid, account.gid, dir_fd=here, follow_symlinks=False)


def seal(folder: Path) -> None:
    """Ours again, readable for all, writable for nobody.

    Works on open folders and never follows a link: whoever owned it until now may still be changing it.
    """
    owner = (0, 0) if os.geteuid() == 0 else (-1, -1)
    for _, folders, files, here in os.fwalk(folder):
        os.fchown(here, *owner)
        os.fchmod(here, 0o555)
        # From here on nobody else can put another thing in the place of one of these names.
        for name in (*folders, *files):
            mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode):
                os.chown(name, *owner, dir_fd=here, follow_symlinks=False)
                os.chmod(name, 0o555 if mode & 0o100 else 0o444, dir_fd=here)


def unseal(folder: Path) -> None:
    """Writable for its owner again, for copies of sealed folders."""
    for _, _, files, here in os.fwalk(folder):
        os.fchmod(here, 0o755)
        for name in files:
            mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode):
                os.chmod(name, mode & 0o777 | 0o200, dir_fd=here)


def remove(folder: Path) -> None:
    """Remove a folder, also a sealed one. One that is not there, or a link, is removed as well as it can be."""
    if folder.is_symlink():
        folder.unlink()
        return
    with contextlib.suppress(FileNotFoundError):
        for _, _, _, here in os.fwalk(folder):
            os.fchmod(here, 0o700)
        shutil.rmtree(folder)
