"""Programs of ours where another account can execute them: our own folders may be closed to it, as all below /root."""

import os
import tempfile
from pathlib import Path

from staging_gate.adapters.local.layout import make_folder
from staging_gate.ports.errors import Unavailable
from staging_gate.wire.commands import capture


def open_to_all(program: Path, folder: Path) -> Path:
    """A copy of the program in the folder, made anew when the program has changed."""
    copy, ours = folder / program.name, program.stat()
    if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (ours.st_size, ours.st_mtime_ns):
        return copy
    make_folder(folder)
    handle, new = tempfile.mkstemp(dir=folder)
    os.close(handle)
    # By a program of its own: what another of our threads starts at this moment would inherit a file that we write
    # to ourselves, and as long as anybody has it open for writing it can not be executed ("text file busy").
    copied = capture(["cp", "--preserve=timestamps", "--", str(program), new], environ={"PATH": os.defpath})
    if copied.code:
        raise Unavailable(f"{program} can not be copied to {folder}.", copied.err.decode(errors="replace"))
    Path(new).chmod(0o755)
    os.replace(new, copy)
    return copy
