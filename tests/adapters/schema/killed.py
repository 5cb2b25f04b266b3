"""A process that is in the middle of a proof until it is killed: `python -m tests.adapters.schema.killed OWNER SERVER`.

Without a server it starts a temporary one. It says the clone's name when it is there.
"""

import signal
import sys
from contextlib import ExitStack

from staging_gate.adapters.schema.postgres import PostgresDatabases
from staging_gate.adapters.schema.server import temporary_postgres


def main(owner: str, server: str = "") -> None:
    with ExitStack() as stack:
        address = server or stack.enter_context(temporary_postgres(owner=owner)).address
        clone = stack.enter_context(PostgresDatabases(address, owner=owner).clone())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # SIGINT is ignored where the tests run in the background
        print(clone, flush=True)
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
