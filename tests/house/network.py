"""Refuses connections that a test has no business to make."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class NotPermitted(AssertionError):
    """A test reached for the network; not an OSError, so that no code under test takes it for a failed connection."""


@contextmanager
def only(permitted: Callable[[Any], bool]) -> Iterator[None]:
    """Within the block, sockets of this process connect only, and names are looked up only, where it is permitted.

    Addresses are given as `socket.connect` takes them.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded_connect(getattr(socket.socket, name), permitted))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo, permitted))
        yield


def is_this_machine(address: Any) -> bool:
    """Whether it is a socket file, or a loopback or unspecified address or name."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if host in (None, "", "localhost"):
        return True
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified


def _guarded_connect(real: Callable[..., Any], permitted: Callable[[Any], bool]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        _judge(address, permitted)
        return real(self, address)

    return guarded


def _guarded_lookup(real: Callable[..., Any], permitted: Callable[[Any], bool]) -> Callable[..., Any]:
    def guarded(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        _judge((host.decode() if isinstance(host, bytes) else host, port), permitted)
        return real(host, port, *arguments, **named)

    return guarded


def _judge(address: Any, permitted: Callable[[Any], bool]) -> None:
    if not permitted(address):
        raise NotPermitted(f"this test may not connect to {address!r}; give it a fake, or a server on 127.0.0.1")
