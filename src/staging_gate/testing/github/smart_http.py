"""Clone and fetch from the stand-in, and push to it, by git's own server program."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from staging_gate.adapters.git.program import environment, http_backend
from staging_gate.testing.web import Reply, Request

RECEIVE = "/git-receive-pack"
SERVED = ("/info/refs", "/git-upload-pack", RECEIVE)
HOOK = """\
#!/bin/sh
# Branches with rules are created by whoever may push; from then on pull requests move them.
while read old new ref; do
    case " $PROTECTED " in *" $ref "*) ;; *) continue ;; esac
    case "$old" in *[!0]*) ;; *) continue ;; esac
    echo "error: GH013: Repository rule violations found for $ref." >&2
    echo "- Changes must be made through a pull request." >&2
    exit 1
done
"""


def serve(repository: Path, place: str, request: Request, protected: Iterable[str] = ()) -> Reply:
    """`place` is the path below the repository's address; refs that are `protected` are created and never moved."""
    if place not in SERVED:
        return Reply(403, b"There is nothing here.")
    environ = {
        **environment({"transfer.hideRefs": "refs/gate", "core.hooksPath": str(_hooks(repository))}),
        "PROTECTED": " ".join(protected),
        "REMOTE_USER": "somebody",
        "GIT_PROJECT_ROOT": str(repository),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": place,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": urlencode(request.query),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run([http_backend()], env=environ, input=request.body, capture_output=True, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return Reply(int(headers.pop("Status", "200 OK").split()[0]), body, headers)


def _hooks(repository: Path) -> Path:
    """Ours: those of the repository itself are for an embedded code host."""
    folder = repository.with_suffix(".hooks")
    if not (folder / "pre-receive").exists():
        folder.mkdir(exist_ok=True)
        (folder / "pre-receive").write_text(HOOK)
        (folder / "pre-receive").chmod(0o755)
    return folder
