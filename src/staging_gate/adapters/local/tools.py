"""Programs of ours where another account can execute them: our own folders may be closed to it, as all below /root."""

import os
import shutil
import tempfile
from pathlib import Path

from staging_gate.adapters.local.layout import make_folder


def open_to_all(program: Path, folder: Path) -> Path:
    """A copy of the program in the folder, made anew when the program has changed."""
    copy, ours = folder / program.name, program.stat()
    if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (ours.st_size, ours.st_mtime_ns):
        return copy
    make_folder(folder)
    handle, new = tempfile.mkstemp(dir=folder)
    os.close(handle)
    shutil.copy2(program, new)
    Path(new).chmod(0o755)
    os.replace(new, copy)
    return copy
