"""Who we are to servers that others use as well: a name made up once, kept with the state."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from staging_gate.bootstrap.settings import CanNotStart

FILE = "installation"
_NAME = re.compile(r"[0-9a-f]{8}")


def installation(state: Path) -> str:
    """Eight hexadecimal digits; the same for all processes on this state folder. Raises CanNotStart."""
    path = state / FILE
    if (known := _read(path)) is None:
        draft = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
        draft.write_text(secrets.token_hex(4), encoding="ascii")
        with suppress(FileExistsError):  # another process was first
            os.link(draft, path)
        draft.unlink()
        known = _read(path)
    if known is None:
        raise CanNotStart(f"{path} does not hold the name of this installation: remove it, a new one is made up.")
    return known


def _read(path: Path) -> str | None:
    try:
        found = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    return found if _NAME.fullmatch(found) else None
