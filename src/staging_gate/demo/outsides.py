"""What surrounds the sample product in the demo, as one process: an identity provider and two databases.

    python -m staging_gate.demo.outsides FOLDER

It says in one line of JSON what there is: `issuer`, `database` in words, and `urls` of the databases by environment; or
`error`. It ends, and leaves nothing, as soon as nobody holds the other end of its standard input any more: the demo
does, and the server that it started, so with `--keep` all this lasts as long as that server.
"""

import json
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import psycopg

from staging_gate.demo import oidc
from staging_gate.demo.ground import GIVEN
from staging_gate.testing.postgres import PostgresMissing, TemporaryPostgres, temporary_postgres

ENVIRONMENTS = ("staging", "production")


class GivenUnusable(Exception):
    """The Postgres that was named can not be used; the text says why."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    with ExitStack() as stack:
        try:
            kind, urls = databases(stack, Path(sys.argv[1]))
        except GivenUnusable as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return
        identity = oidc.provider()
        threading.Thread(target=identity.serve_forever, daemon=True).start()
        issuer = f"http://127.0.0.1:{identity.server_port}/"
        print(json.dumps({"issuer": issuer, "database": kind, "urls": urls}), flush=True)
        sys.stdin.buffer.read()


def databases(stack: ExitStack, folder: Path) -> tuple[str, dict[str, str]]:
    """What they are, in words, and an empty one for each environment; gone when the stack is closed."""
    if address := os.environ.get(GIVEN):
        try:
            return _made_in(stack, TemporaryPostgres(address), f"given by {GIVEN}")
        except psycopg.Error as error:
            raise GivenUnusable(f"{GIVEN} names a Postgres that can not be used: {error}") from error
    try:
        server = stack.enter_context(temporary_postgres())
    except PostgresMissing as missing:
        return f"SQLite, because no PostgreSQL could be run here. {missing}", _files(folder)
    return _made_in(stack, server, "for this demo only")


def _made_in(stack: ExitStack, server: TemporaryPostgres, whose: str) -> tuple[str, dict[str, str]]:
    urls = {name: stack.enter_context(server.database()) for name in ENVIRONMENTS}
    with psycopg.connect(server.address) as connection:
        version = connection.info.server_version // 10_000
    return f"PostgreSQL {version}, {whose}", urls


def _files(folder: Path) -> dict[str, str]:
    """Whoever runs the services has to write there, and we do not know who that is."""
    folder.mkdir()
    folder.chmod(0o1777)
    return {name: f"sqlite:///{folder}/{name}.db" for name in ENVIRONMENTS}


if __name__ == "__main__":
    main()
