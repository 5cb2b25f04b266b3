"""The first administrator: a token in a file that only we can read, for the command line beside us."""

import json
import os
from pathlib import Path

from staging_gate.bootstrap.settings import Settings
from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.ports import Ports
from staging_gate.runbook import tokens

ACCESS_FILE = "access.json"
ADMINISTRATOR = "admin"


def ensure_access(settings: Settings, ports: Ports) -> None:
    """Write address and token, unless a valid one is there; the address is always the present one."""
    place = settings.state / ACCESS_FILE
    token = _known_token(place)
    if token is None or tokens.authenticate(ports, token) is None:
        maker = Actor(SYSTEM.name, SYSTEM.kind, frozenset({"admin"}))
        _, token = tokens.create(ports, ADMINISTRATOR, maker, ["admin"], "written by gate up")
    _write(place, {"address": settings.address, "token": token})


def _known_token(place: Path) -> str | None:
    """None also where somebody edited the file, or a full disk cut it off: then it is written anew."""
    try:
        return str(json.loads(place.read_text())["token"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _write(place: Path, access: dict[str, str]) -> None:
    new = place.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(access, file)
    os.replace(new, place)
