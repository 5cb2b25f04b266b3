"""Which processes of an installation there are, and which of them nobody would ever end."""

import os
from collections.abc import Iterator

import psutil

from staging_gate.adapters.local import processes
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.places import Places
from staging_gate.domain.environment import Environment
from tests.e2e.installation import Installation
from tests.e2e.stories import SERVICES

WARM = 2
"""Of each service in each environment: what is live, and what was live before."""


def strays(of: Installation) -> list[str]:
    """Processes that belong neither to the server nor to a place or route that is kept."""
    kept = {pid for shim in _shims(of) for pid in _tree(shim)} | (set(_tree(of.server.pid)) if of.server else set())
    return [f"{one.pid} {line}" for one in _processes_of(of) if one.pid not in kept and (line := _command(one))]


def too_many(of: Installation) -> list[str]:
    """Services that have more running than what is live and the way back."""
    layout = Layout(of.state)
    found = []
    for environment in Environment:
        for service in SERVICES:
            places = Places(layout, environment, service)
            running = [name for name in places.process_names() if places.process(name)]
            if len(running) > WARM:
                found.append(f"{environment} {service}: {', '.join(sorted(running))}")
    return found


def _command(one: psutil.Process) -> str:
    """Empty where it has ended since it was found."""
    try:
        return " ".join(one.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def _shims(of: Installation) -> Iterator[int]:
    for file in (*of.state.glob("run/*/state.json"), *of.process_states()):
        if process := processes.adopt(file):
            yield process.shim.pid


def _tree(pid: int) -> list[int]:
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _processes_of(of: Installation) -> list[psutil.Process]:
    """Whatever works in the state folder, has a file of it open, or was started with its name."""
    return [one for one in psutil.process_iter() if one.pid != os.getpid() and _belongs(one, str(of.state))]


def _belongs(one: psutil.Process, folder: str) -> bool:
    try:
        known = [one.cwd(), *one.cmdline(), *one.environ().values(), *(file.path for file in one.open_files())]
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
    return any(folder in text for text in known)
