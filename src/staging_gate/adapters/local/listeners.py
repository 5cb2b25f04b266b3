"""Which sockets listen on a port of this machine.

Asked from the kernel by netlink (sock_diag), which looks at the listening ones only; where that is not offered, read
from /proc/net, which on a busy machine takes tens of milliseconds.
"""

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
REQUEST_DUMP = 0x301
ERROR, DONE = 2, 3
TCP_LISTEN = 10

HEADER = struct.Struct("=LHHLL")
QUESTION = struct.Struct("=BBBxL2s2s16s16sL8s")
LISTENER = struct.Struct("=BBBB2s2s16s16sL8sLLLLL")

REACHED_BY_LOOPBACK = {"127.0.0.1", "0.0.0.0", "::", "::1"}  # noqa: S104 - compared, not bound


def listening(port: int) -> set[str]:
    """Links, as in /proc/PID/fd, of all sockets that a connection to this port of 127.0.0.1 may reach."""
    try:
        found = [*_ask_kernel(socket.AF_INET, port), *_ask_kernel(socket.AF_INET6, port)]
    except OSError:
        found = [*_read_table(Path("/proc/net/tcp"), port), *_read_table(Path("/proc/net/tcp6"), port)]
    return {f"socket:[{inode}]" for address, inode in found if address in REACHED_BY_LOOPBACK}


def _ask_kernel(family: int, port: int) -> Iterator[tuple[str, int]]:
    wanted = struct.pack("!H", port)
    question = QUESTION.pack(family, socket.IPPROTO_TCP, 0, 1 << TCP_LISTEN, wanted, b"", b"", b"", 0, b"\xff" * 8)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(5.0)
        kernel.send(HEADER.pack(HEADER.size + QUESTION.size, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0) + question)
        while True:
            for kind, body in _messages(kernel.recv(65_536)):
                if kind == ERROR:
                    raise OSError("sock_diag is not offered")
                if kind == DONE:
                    return
                _, _, _, _, local, _, address, *_, inode = LISTENER.unpack_from(body)
                if local == wanted:
                    yield _written(family, address), inode


def _messages(block: bytes) -> Iterator[tuple[int, bytes]]:
    while block:
        length, kind, *_ = HEADER.unpack_from(block)
        yield kind, block[HEADER.size : length]
        block = block[(length + 3) & ~3 :]


def _written(family: int, address: bytes) -> str:
    if family == socket.AF_INET:
        return str(IPv4Address(address[:4]))
    six = IPv6Address(address)
    return str(six.ipv4_mapped or six)


def _read_table(table: Path, port: int) -> Iterator[tuple[str, int]]:
    if not table.exists():
        return
    with table.open() as rows:
        next(rows)
        for row in rows:
            _, local, _, state, *rest = row.split(maxsplit=10)
            # The kernel lists the listening ones first; there may be thousands of others behind them.
            if int(state, 16) != TCP_LISTEN:
                return
            address, _, number = local.partition(":")
            if int(number, 16) == port:
                yield _read_address(address), int(rest[5])


def _read_address(text: str) -> str:
    """Four bytes at a time are written as a number of this machine."""
    words = struct.pack(f"={len(text) // 8}L", *(int(text[at : at + 8], 16) for at in range(0, len(text), 8)))
    return _written(socket.AF_INET if len(words) == 4 else socket.AF_INET6, words)
