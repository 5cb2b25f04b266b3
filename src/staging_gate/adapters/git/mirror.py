"""A copy on this machine of a repository that lives elsewhere: read as if it were here, never pushed to."""

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.git.code_host import GitCodeHost
from staging_gate.adapters.git.program import environment
from staging_gate.ports.errors import Denied, OutsideError, Refused, Unavailable

LONGEST_FETCH = 1800.0
"""Seconds; the first one copies the whole repository."""

LONGEST_SILENCE = 60
"""Seconds in which less than a byte a second comes."""

_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_PROXIES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Source:
    """Where a mirror fetches from. `sign_in` gives a user and a password for each fetch."""

    address: str
    sign_in: Callable[[], tuple[str, str]]
    authorities: Path | None = None

    def settings(self) -> dict[str, str]:
        """Given to git through its environment, so that no secret stands on a command line or in a file."""
        user, password = self.sign_in()
        coded = base64.b64encode(f"{user}:{password}".encode()).decode()
        trusted = {"http.sslCAInfo": str(self.authorities)} if self.authorities else {}
        return {
            "http.extraHeader": f"Authorization: Basic {coded}",
            "http.followRedirects": "false",  # the header would go to wherever it leads
            "http.lowSpeedLimit": "1",
            "http.lowSpeedTime": str(LONGEST_SILENCE),
            "fetch.fsckObjects": "false",  # what the code host took is taken: old projects have faults of old programs
            **trusted,
        }


class GitMirror(GitCodeHost):
    """All branches and tags of the source, as of the last fetch. What was there once stays readable by its id."""

    def fetch(self, source: Source) -> None:
        """Take over what changed there. Raises Refused and Unavailable; the mirror is then as it was."""
        proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
        done = self._git.ask(
            *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", source.address, *_REFS),
            environ={**environment(source.settings()), **proxies},
            accept=(0, 1, 128),
            within=LONGEST_FETCH,
        )
        if done.code:
            raise _failure(source.address, done.err.decode(errors="replace").strip())


def _failure(address: str, said: str) -> OutsideError:
    if re.search(r"Authentication failed|could not read (Username|Password)|returned error: 40[13]", said):
        return Denied(
            f"{address} does not let us read the code: the token is wrong, was revoked, or may not read the "
            "contents of this repository. Give it that right, or put another one where the settings say.",
            said,
        )
    if re.search(r"not found|returned error: 404", said):
        return Refused(
            f"There is no repository at {address} that we may see. Check its name in the settings, and that the token "
            "has access to it.",
            said,
        )
    if re.search(r"returned error: 30[1278]|redirect", said):
        return Refused(f"The repository at {address} has moved. Write its new name in the settings.", said)
    if "certificate" in said:
        return Refused(
            f"The certificate of {address} is not trusted. Where it is signed by a CA of your own, name the file with "
            "that CA's certificate in the settings.",
            said,
        )
    return Unavailable(f"{address} could not be fetched. It may work later.", said)
