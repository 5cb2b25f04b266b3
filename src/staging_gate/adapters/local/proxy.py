"""The public ports of services, and which process gets their requests.

Each route has a Caddy of its own, so that nothing that happens in one environment or service disturbs another: adding
a route starts one more, and no other is reloaded. A shim holds its listening socket and starts it again when it
crashes; connections wait in the backlog meanwhile. Both outlive the controller. A route costs about 20 MB.

A route sends each request to what its `current` file names at that moment; a switch is the atomic replacement of that
file. No configuration is ever loaded anew, because that costs requests. Requests that are under way, and streams, stay
with the process that they reached.

Replacing that file is not flushed to the disk: after a power loss no process runs that it could name, and a route that
is started for the first time in a boot begins closed.
"""

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from staging_gate.adapters.local import caddy, processes
from staging_gate.adapters.local.layout import a_name, make_folder
from staging_gate.adapters.local.ports import free_port, holder_of
from staging_gate.adapters.local.processes import PortTaken, Process, ProcessSpec
from staging_gate.adapters.local.waiting import Limit, pause
from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Refused, Unavailable

READY_WITHIN = 10.0
"""Seconds that a route gets to answer us; one found running may just be starting again after a crash."""
DIAL = re.compile(r"127\.0\.0\.1:(\d+)\n?")


def route_name(environment: Environment, service: str) -> str:
    return a_name(f"{environment}.{service}")


class Proxy:
    """Everything lies in `run_dir`, in a folder per route that only our own account can enter."""

    def __init__(self, run_dir: Path, host: str = "127.0.0.1") -> None:
        self._run_dir = run_dir
        self._host = host

    def ensure(self, routes: Mapping[str, int]) -> None:
        """Let these routes answer on these public ports; returns when they do. A new one answers 503 until a switch.

        What already runs is taken as it is, routes not named here are left alone, and one whose public port has
        changed is moved: its requests under way come to their end first, and nothing answers for about 0.1 s.
        Raises Refused when a port is taken, Unavailable when the proxy does not come up.
        """
        new = [route for route, port in routes.items() if not self._adopt(route, port)]
        for route in new:
            self._start(route, routes[route])
        for route in new:
            self._wait_until_ready(route)

    def switch(self, route: str, port: int) -> None:
        """Send every request from now on to this port of 127.0.0.1."""
        self._point(route, f"127.0.0.1:{port}")

    def close(self, route: str) -> None:
        """Answer 503, with a page that says that no release is live."""
        self._point(route, caddy.CLOSED)

    def current(self, route: str) -> int | None:
        """The port that the route sends its requests to; None when it is closed or not there."""
        try:
            found = DIAL.fullmatch((self._folder(route) / caddy.CURRENT).read_text())
        except FileNotFoundError:
            return None
        return int(found[1]) if found else None

    def current_ports(self) -> set[int]:
        """Where any route sends requests, whether somebody listens there or not: nobody else may be given these."""
        return {port for route in self._routes() if (port := self.current(route))}

    def private_port(self) -> int:
        """A free port that no route sends anything to: whoever listens there gets no traffic before its proof."""
        while (port := free_port()) in self.current_ports():
            pass
        return port

    def in_flight(self, port: int) -> int:
        """Requests and streams that this port has not finished answering. Raises Unavailable when that is not known."""
        address = f"127.0.0.1:{port}"
        return sum(caddy.in_flight(self._folder(route)).get(address, 0) for route in self._routes())

    def process(self, route: str) -> Process | None:
        """The Caddy of this route, if it is kept running."""
        return processes.adopt(self._folder(route) / "state.json")

    def access_log(self, route: str) -> Path:
        """One JSON object for each request. Full ones are put aside as `access-*.log` beside it."""
        return self._folder(route) / caddy.ACCESS_LOG

    def stop(self, *routes: str) -> None:
        """Let requests under way come to their end, then stop answering: these routes, or all of them."""
        running = [process for route in routes or self._routes() if (process := self.process(route))]
        if running:
            with ThreadPoolExecutor(len(running)) as pool:
                list(pool.map(lambda process: process.stop(within=caddy.GRACE + 2), running))

    def _folder(self, route: str) -> Path:
        return self._run_dir / a_name(route)

    def _routes(self) -> Iterator[str]:
        return (config.parent.name for config in self._run_dir.glob(f"*/{caddy.CONFIG}"))

    def _labels(self, port: int) -> dict[str, str]:
        return {"host": self._host, "port": str(port)}

    def _adopt(self, route: str, port: int) -> bool:
        """Whether it runs as it should; what runs otherwise is stopped."""
        running = self.process(route)
        if running is None:
            return False
        if running.labels == self._labels(port):
            if self._answers(route):
                return True
        elif holder := holder_of(port):
            raise Refused(_taken(route, port, holder))
        self.stop(route)
        return False

    def _start(self, route: str, port: int) -> None:
        folder = make_folder(self._folder(route), 0o700)
        if not processes.find(folder / "state.json"):
            # Never or in an earlier boot: the port that the file names may by now belong to anybody.
            self.close(route)
        (folder / caddy.CONFIG).write_text(caddy.config(route))
        try:
            processes.start(self._spec(route, folder, port))
        except PortTaken as taken:
            raise Refused(_taken(route, port, taken.holder)) from taken

    def _spec(self, route: str, folder: Path, port: int) -> ProcessSpec:
        return ProcessSpec(
            name=f"proxy of {route}",
            argv=(str(caddy.program()), "run", "--config", caddy.CONFIG),
            cwd=folder,
            environ={name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")},
            log=folder / "proxy.log",
            state=folder / "state.json",
            labels=self._labels(port),
            listen=((self._host, port),),
            restart=True,
        )

    def _wait_until_ready(self, route: str) -> None:
        if not self._answers(route):
            log = self._folder(route) / "proxy.log"
            words = log.read_text(errors="replace")[-4000:] if log.exists() else ""
            raise Unavailable(f"The proxy of {route} did not come up within {READY_WITHIN:g} s.", words)

    def _answers(self, route: str) -> bool:
        limit = Limit(READY_WITHIN)
        while not caddy.answers(self._folder(route)):
            if limit.over:
                return False
            pause(0.005)
        return True

    def _point(self, route: str, where: str) -> None:
        folder = self._folder(route)
        # A name of its own for every writer; in the same folder, because only there the replacement is atomic.
        new = folder / f".{caddy.CURRENT}.{os.getpid()}.{threading.get_ident()}"
        try:
            new.write_text(where)
            os.replace(new, folder / caddy.CURRENT)
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink()
            raise Unavailable(f"The route {route} could not be switched to {where}: {error.strerror}.") from error


def _taken(route: str, port: int, holder: str) -> str:
    environment, _, service = route.partition(".")
    setting = f"services.{service}.targets.{environment}.local.port"
    return f"port {port} is already used by {holder}; free it or change {setting}"
