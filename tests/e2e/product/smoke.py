"""Smoke tests: the page of the service at the address that is given. No library of Python's that loads slowly."""

import socket
import sys


def main() -> int:
    host, port = sys.argv[1].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(f"GET /page HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = connection.makefile().readline().strip()
    passed = " 200 " in status
    print("page: passed" if passed else f"page: FAILED {status}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
