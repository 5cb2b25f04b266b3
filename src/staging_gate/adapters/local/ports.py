"""TCP ports of this machine: finding a free one, and saying who has one that is not."""

import secrets
import socket
import threading
from collections import deque
from pathlib import Path

from staging_gate.adapters.local import procfs
from staging_gate.adapters.local.listeners import listening
from staging_gate.ports.errors import Refused, Unavailable

BACKLOG = 2048
SPAN = 12_000
"""How many ports below the ephemeral ones we choose from. An outgoing connection can not take one of these."""

_recent: deque[int] = deque(maxlen=256)
_choosing = threading.Lock()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has and that was not handed out lately. It is not reserved: look who owns it."""
    above = _first_ephemeral_port()
    with _choosing:
        for _ in range(1000):
            port = above - 1 - secrets.randbelow(min(SPAN, above - 1024))
            if port not in _recent and _nobody_has(port):
                _recent.append(port)
                return port
    raise Unavailable(f"No free port was found on this machine between {above - SPAN} and {above - 1}.")


Listener = socket.socket


def listen(host: str, port: int) -> Listener:
    """Requests wait in it until somebody serves. Raises Refused where the address can not be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise Refused(f"{host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        holder = holder_of(port)
        why = f"is already used by {holder}" if holder else f"can not be listened on: {error.strerror}"
        raise Refused(f"Port {port} of {host} {why}.") from error


def holder_of(port: int) -> str | None:
    """`nginx (pid 812)`, or `another program` where we may not look; None when nobody listens."""
    links = listening(port)
    if not links:
        return None
    for pid in procfs.owners(links, procfs.everybody()).values():
        return f"{procfs.command(pid)} (pid {pid})"
    return "another program"


def _first_ephemeral_port() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])


def _nobody_has(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
