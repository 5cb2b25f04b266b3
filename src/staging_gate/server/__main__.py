"""What `gate up` becomes: uvicorn with the composed faces, until somebody stops it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from staging_gate.bootstrap.house import House, open_house
from staging_gate.bootstrap.listening import Listener, listen
from staging_gate.bootstrap.settings import CanNotStart, Settings
from staging_gate.engine import AlreadyRunning
from staging_gate.ports.errors import OutsideError
from staging_gate.server.compose import compose

GRACE_SECONDS = 2
"""Open live pages and follow streams would hold the server for ever."""
TURN_SECONDS = 0.0005
"""How long a thread may compute while another wants to: with Python's 5 ms a merge is live a fifth later."""


class Server(uvicorn.Server):
    """Ends when it is asked to, and lets us put things in order afterwards: uvicorn would die of the signal again."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, self.handle_exit)
        yield


def main() -> None:
    """Serve with the settings of the environment; exit 1 with a sentence where that can not be."""
    if os.geteuid() == 0:
        os.umask(0o022)  # services run as another account and read what we write; secrets are closed by their modes
    try:
        settings = Settings.read()
        listener = listen(settings)
        house = open_house(settings)
        house.start()
    except (CanNotStart, AlreadyRunning, OutsideError) as error:
        sys.exit(f"gate: {error}")
    except KeyboardInterrupt:
        os._exit(130)  # as at every end, no step in flight outlives us
    serve(house, listener)


def serve(house: House, listener: Listener) -> None:
    # A run, a request and the engine wait for git and the disk all the time, and want to go on at once after each wait.
    sys.setswitchinterval(TURN_SECONDS)
    settings = house.settings
    server = Server(
        uvicorn.Config(
            compose(house),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    say = [
        f"Staging Gate is up at {settings.address}, state in {settings.state}.",
        f"The board: {settings.address}  (`gate board` opens it signed in)",
        f"git remote add gate {settings.address}/git/product.git",
    ]
    print("\n".join(say), flush=True)
    try:
        server.run(sockets=[listener])
    finally:
        house.close()
        sys.stdout.flush()
        sys.stderr.flush()
        # A step in flight must not outlive us: the next start takes its run up again.
        os._exit(0 if server.started else 1)


if __name__ == "__main__":
    main()
