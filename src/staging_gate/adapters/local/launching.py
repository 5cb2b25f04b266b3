"""What a service, or a command that speaks for it, is started with: its arguments and its clean environment."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.environ import SYSTEM_PATH, bare_environ, fill_in
from staging_gate.adapters.local.secrets import Resolved, resolve
from staging_gate.domain.service import Target
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused


def address_of(target: Target) -> str:
    """The public address, of the proxy in front."""
    return f"http://127.0.0.1:{target.port}"


def known_values(order: Order) -> dict[str, str]:
    """What every process of an order is told about itself, and what `$NAME` in gate.yaml stands for."""
    return {
        "ENVIRONMENT": order.environment.value,
        "REVISION": order.revision.commit,
        "RELEASE": order.release or "",
        "URL": address_of(order.target),
    }


def resolved_environ(order: Order, build: Build, home: Path, values: Mapping[str, str]) -> Resolved:
    """The whole environment: ours, then gate.yaml's, then what the process is told about itself.

    Raises Refused where a secret is missing. `$URL` is only filled in, never set: it is for whoever asks the service.
    """
    given = {**order.service.environ, **order.target.environ}
    resolved = resolve({name: fill_in(value, values) for name, value in given.items()})
    told = {name: value for name, value in values.items() if name != "URL"}
    return Resolved({**bare_environ(home, path_of(build)), **resolved.environ, **told}, resolved.secrets)


def path_of(build: Build) -> str:
    return f"{build.programs}:{SYSTEM_PATH}"


def program(argv: tuple[str, ...], folder: Path, path: str, values: Mapping[str, str], setting: str) -> tuple[str, ...]:
    """The arguments with `$NAME` filled in and the program's full path: in `folder` if it names one, else on `path`.

    Raises Refused that names the `setting` of gate.yaml where there is no such program.
    """
    filled = tuple(fill_in(part, values) for part in argv)
    if "/" in filled[0]:
        found = os.path.join(folder, filled[0])
        if os.access(found, os.X_OK):
            return (found, *filled[1:])
        raise Refused(f"{setting}: {filled[0]} is no program in the tree. Is it committed, and executable?")
    # Many systems have no `python`, only a `python3`; every environment has both.
    names = (filled[0], "python3") if filled[0] == "python" else (filled[0],)
    if at := next(filter(None, (shutil.which(name, path=path) for name in names)), None):
        return (at, *filled[1:])
    raise Refused(
        f"{setting}: the program {filled[0]} is neither in the build's environment nor on this machine. "
        "Add what brings it to the lock file, or correct the command in gate.yaml."
    )
