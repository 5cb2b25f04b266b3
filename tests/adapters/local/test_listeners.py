import contextlib
import os
import socket
from collections.abc import Iterator

import pytest

from staging_gate.adapters.local import listeners
from staging_gate.adapters.local.listeners import listening
from staging_gate.adapters.local.ports import free_port


@pytest.fixture(params=["netlink", "proc"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of asking give the same answers."""
    if request.param == "proc":
        monkeypatch.setattr(listeners, "NETLINK_SOCK_DIAG", 31)


@contextlib.contextmanager
def listener(address: str, port: int) -> Iterator[str]:
    """Its link in /proc/PID/fd."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as one:
        if one.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "ffff" not in address)
        one.bind((address, port))
        one.listen()
        yield os.readlink(f"/proc/self/fd/{one.fileno()}")


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"])
def test_a_listener_that_loopback_reaches_is_found(address: str) -> None:
    port = free_port()

    with listener(address, port) as link:
        assert listening(port) == {link}

    assert listening(port) == set()


def test_listeners_elsewhere_and_connections_are_not_counted() -> None:
    port = free_port()
    with listener("127.0.0.2", port), listener("127.0.0.1", port) as link:
        client = socket.create_connection(("127.0.0.1", port))
        assert listening(port) == {link}
        client.close()


def test_all_who_share_a_port_are_found() -> None:
    port = free_port()
    with listener("127.0.0.1", port) as first, listener("::1", port) as second:
        assert listening(port) == {first, second}
