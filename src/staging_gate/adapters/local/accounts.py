"""Whom services run as, and with which Python: their own account where we are root, else ours."""

import glob
import os
import pwd
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from staging_gate.adapters.local.recipes import Interpreter
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.wire.commands import Account, stream

OLDEST = (3, 11)
TELL = "import sys; print(*sys.version_info[:3], sep='.')"


def service_account(name: str = "nobody", setting: str = "GATE_SERVICE_ACCOUNT") -> Account | None:
    """The account that services run as; None for our own: we are not root, were told so, or it could not run Python.

    Raises Refused where there is no account of this name; `setting` is where it came from.
    """
    account = _wanted(name, setting)
    return account if account and _interpreter(account) else None


def interpreter_for(account: Account | None) -> Interpreter:
    """A Python that this account has really executed; ours if it can. Refused where there is none."""
    found = _interpreter(account)
    if found is None:
        who = account.name if account else "this account"
        raise Refused(f"{_no_python(who)} Install one where everybody can execute it, such as /usr/bin/python3.")
    return found


def why_not_separate(name: str = "nobody") -> str | None:
    """For `gate doctor`: why services run as the same account as Staging Gate; None when they do not."""
    own = pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() != 0:
        return f"Services run as {own}, like Staging Gate itself: only root can start them as another account."
    account = _wanted(name)
    if account is None:
        return f"Services run as {own}, like Staging Gate itself, because the setting says {name}."
    if _interpreter(account):
        return None
    return (
        f"Services run as {own}, not as {name}. {_no_python(name)} Install one where everybody can execute it, such as "
        "/usr/bin/python3, and start Staging Gate again."
    )


def _wanted(name: str, setting: str = "GATE_SERVICE_ACCOUNT") -> Account | None:
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        raise Refused(
            f"There is no account {name} on this machine, as which programs were to run. Create it "
            f"(useradd --system {name}) or name another one in {setting}."
        ) from error
    return Account(name, found.pw_uid, found.pw_gid) if found.pw_uid else None


def _no_python(who: str) -> str:
    tried = ", ".join(_candidates())
    return f"No Python {OLDEST[0]}.{OLDEST[1]} or newer was found that {who} can execute (tried {tried})."


@cache
def _interpreter(account: Account | None) -> Interpreter | None:
    for path in _candidates():
        version = _version(path, account)
        if version and tuple(map(int, version.split("."))) >= OLDEST:
            return Interpreter(path, version)
    return None


def _candidates() -> list[str]:
    """Real paths, our own Python first: then services are built with what was tested together with us."""
    return list(dict.fromkeys(os.path.realpath(path) for path in _places() if os.access(path, os.X_OK)))


def _places() -> Iterator[str]:
    # Not the virtual environment's: it may lie under a home, or be replaced by an update.
    yield os.path.join(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    folders = ["/usr/bin", "/usr/local/bin", *os.environ.get("PATH", "").split(os.pathsep)]
    for folder in filter(os.path.isabs, folders):
        yield os.path.join(folder, "python3")
        # Of the module, because that of Path raises where a folder may not be looked into.
        yield from sorted(glob.glob(os.path.join(folder, "python3.??")), reverse=True)


def _version(path: str, account: Account | None) -> str | None:
    """What it says when it is run as this account; None where it can not be."""
    try:
        done = stream(
            [path, "-I", "-S", "-c", TELL],
            environ={},
            cwd=Path("/"),
            within=10.0,
            output=lambda _: None,
            account=account,
        )
    except Unavailable:
        return None
    return done.tail.strip() if done.ok else None
