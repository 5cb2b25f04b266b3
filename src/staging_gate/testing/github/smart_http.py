"""Clone and fetch from the stand-in, by git's own server program."""

import subprocess
from pathlib import Path
from urllib.parse import urlencode

from staging_gate.adapters.git.program import environment, http_backend
from staging_gate.testing.web import Reply, Request

SERVED = ("/info/refs", "/git-upload-pack")


def serve(repository: Path, place: str, request: Request) -> Reply:
    """`place` is the path below the repository's address."""
    if place not in SERVED or request.query.get("service", "git-upload-pack") != "git-upload-pack":
        return Reply(403, b"This repository is only read over git here.")
    environ = {
        **environment({"transfer.hideRefs": "refs/gate"}),
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
