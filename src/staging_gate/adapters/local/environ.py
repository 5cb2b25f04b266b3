"""The variables that programs are started with: a built environment, never the one that we inherited."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

_NETWORK = re.compile(
    r"(SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NIX_SSL_CERT_FILE|GIT_SSL_CAINFO"
    r"|(PIP|UV|NPM_CONFIG)_\w+|(https?|all|no|ftp)_proxy)",
    re.IGNORECASE,
)
_NOT_PASSED = {
    "UV_CACHE_DIR",
    "UV_PYTHON",
    "UV_PROJECT_ENVIRONMENT",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_CACHE_DIR",
}
_PLACEHOLDER = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def tool_environ(home: Path, path: str | None = None) -> dict[str, str]:
    """For builds and checks: how to reach the network is passed on from ours, since registries are behind it."""
    passed = {name: value for name, value in os.environ.items() if _NETWORK.fullmatch(name)}
    for name in _NOT_PASSED:
        passed.pop(name, None)
    return {**passed, **bare_environ(home, path or os.environ.get("PATH") or SYSTEM_PATH)}


def bare_environ(home: Path, path: str = SYSTEM_PATH) -> dict[str, str]:
    """For services: nothing of ours at all. `home` holds a folder `tmp`."""
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "LANG": "C.UTF-8",
        # What a Python process printed last must be there after it was killed.
        "PYTHONUNBUFFERED": "1",
    }


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Put values in for `$NAME` and `${NAME}`; names that we do not know stay as they are."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1] or found[2], found[0]), text)


def uv_program() -> str | None:
    """The uv that came with us, else the one on PATH."""
    ours = Path(sys.executable).with_name("uv")
    return str(ours) if ours.is_file() else shutil.which("uv")
