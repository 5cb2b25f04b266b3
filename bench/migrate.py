"""The whole check of a migration on a table with a million rows, beside the same upgrade run once by hand.

Both work on one Postgres, on copies of one database. The check clones it, goes up with its rows while it looks at
locks, goes up, down and up again without, compares the schema, and asks the rules about SQL; by hand it is
`alembic upgrade head` on a copy that is there already, in the same environment.
"""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from bench.figures import Baseline, Figure
from bench.machine import ACCOUNT, Broke, git, milliseconds, say
from staging_gate.adapters.local import Local, Settings, connect
from staging_gate.adapters.local.accounts import interpreter_for
from staging_gate.adapters.local.environ import bare_environ
from staging_gate.adapters.schema import Prover
from staging_gate.adapters.schema.clones import Clones
from staging_gate.adapters.schema.server import temporary_postgres
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import CheckCommand, Provable
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Schema, Service, Target
from staging_gate.ports.checks import Outcome
from staging_gate.wire.commands import stream

ROWS, QUICK = 1_000_000, 50_000
MOST = 2.0
TEMPLATE = "prices_of_production"
LOCK = Path(__file__).parent.parent / "examples" / "marketedge" / "requirements.lock"
BUILD = ("uv", "pip", "sync", "--require-hashes", "requirements.lock")
CHECK = CheckCommand("db-migrations", proves=Provable.MIGRATIONS, within=timedelta(minutes=30))

ENV = """
import os
from alembic import context
from sqlalchemy import MetaData, create_engine
address = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
if context.is_offline_mode():
    context.configure(url=address, target_metadata=MetaData(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(address).connect() as connection:
        context.configure(connection=connection, target_metadata=MetaData())
        with context.begin_transaction():
            context.run_migrations()
"""
MIGRATION = """
from alembic import op
revision = "{revision}"
down_revision = {down!r}


def upgrade():
    {up}


def downgrade():
    {back}
"""
FIRST = (
    "op.execute('CREATE TABLE prices (id integer PRIMARY KEY, market integer NOT NULL, seller text NOT NULL, "
    "pence integer NOT NULL, seen_on date NOT NULL)')",
    "op.drop_table('prices')",
)
FILLED = """
INSERT INTO prices SELECT n, n % 50, 'seller ' || n % 1000, n % 20000, date '2025-01-01' + n % 300
FROM generate_series(1, {rows}) AS n
"""
CASES = {
    "a column filled and indexed": (
        "op.execute('ALTER TABLE prices ADD COLUMN pounds numeric(12, 2)')\n"
        "    op.execute('UPDATE prices SET pounds = pence / 100.0')\n"
        "    op.execute('ALTER TABLE prices ALTER COLUMN pounds SET NOT NULL')\n"
        "    op.execute('CREATE INDEX ix_prices_seller ON prices (seller, seen_on)')",
        "op.execute('DROP INDEX ix_prices_seller')\n    op.execute('ALTER TABLE prices DROP COLUMN pounds')",
    ),
    "a wider type, indexed twice": (
        "op.execute('ALTER TABLE prices ALTER COLUMN pence TYPE bigint')\n"
        "    op.execute('CREATE INDEX ix_prices_seller ON prices (seller, seen_on)')\n"
        "    op.execute('CREATE INDEX ix_prices_market ON prices (market, pence)')",
        "op.execute('DROP INDEX ix_prices_seller, ix_prices_market')\n"
        "    op.execute('ALTER TABLE prices ALTER COLUMN pence TYPE integer')",
    ),
}
INSTANT = "a nullable column"
CASES[INSTANT] = (
    "op.execute('ALTER TABLE prices ADD COLUMN note text')",
    "op.execute('ALTER TABLE prices DROP COLUMN note')",
)


@dataclass(frozen=True)
class Measured:
    check: float
    by_hand: float


def run(quick: bool) -> Iterator[Figure]:
    rows = QUICK if quick else ROWS
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as place, temporary_postgres() as server:
        Path(place).chmod(0o755)
        bench = Bench(Path(place), server.address, rows)
        for case in CASES:
            say(f"migrate: {case}, {rows:,} rows")
            found = bench.measure(case)
            figure = f"whole check: {case}, {rows:,} rows"
            baseline = Baseline("alembic upgrade head, by hand", found.by_hand)
            # What takes no time by hand shows how long our own programs take to start.
            most = MOST if case != INSTANT and not quick else None
            yield Figure("migrate", figure, found.check, "s", baseline, most=most)


class Bench:
    def __init__(self, folder: Path, server: str, rows: int) -> None:
        self._repository = folder / "product"
        self._server = server
        self._service = Service(
            name="api",
            run=("python", "-m", "nothing"),
            health=Health(),
            targets={Environment.STAGING: Target("local", 8001, environ={"DATABASE_URL": "postgresql://clone/only"})},
            build=BUILD,
            schema=Schema("alembic", "alembic.ini", "DATABASE_URL", template=TEMPLATE),
        )
        self._local = self._connected(folder)
        self._production = self._commit("0001", None, FIRST)
        self._local.checks.prepare(self._production, (self._service,), "build", _never)
        self._fill(rows)

    def measure(self, case: str) -> Measured:
        git("checkout", "--quiet", self._production.commit, cwd=self._repository)
        head = self._commit("0002", "0001", CASES[case])
        self._local.checks.prepare(head, (self._service,), "build", _never)
        outcomes: list[Outcome] = []
        check = milliseconds(lambda: outcomes.append(self._prove(head)))
        if [outcome.verdict for outcome in outcomes] != ["passed"]:
            raise Broke(f"the check of {case} did not pass: {outcomes[0].summary}")
        return Measured(round(check / 1000, 2), round(self._by_hand() / 1000, 2))

    def _prove(self, head: Revision) -> Outcome:
        return self._local.checks.prove_migrations(head, self._production, (self._service,), CHECK, "proof", _never)

    def _by_hand(self) -> float:
        with Clones(self._server).make(TEMPLATE) as clone:
            return milliseconds(lambda: self._alembic(clone))

    def _alembic(self, database: str) -> None:
        python = next(self._state.glob("environments/*/bin/python"))
        done = stream(
            [str(python), "-m", "alembic", "upgrade", "head"],
            environ={**bare_environ(self._repository), "DATABASE_URL": self._address(database)},
            cwd=self._repository,
            within=1800.0,
            output=lambda _: None,
            account=ACCOUNT,
        )
        if not done.ok:
            raise Broke(f"alembic by hand: {done.tail}")

    def _fill(self, rows: int) -> None:
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        self._alembic(TEMPLATE)
        with psycopg.connect(self._address(TEMPLATE), autocommit=True) as database:
            database.execute(FILLED.format(rows=rows).encode())
            database.execute("VACUUM ANALYZE")
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute("CHECKPOINT")

    def _address(self, database: str) -> str:
        return self._server.rpartition("/")[0] + f"/{database}"

    def _connected(self, folder: Path) -> Local:
        (self._repository / "migrations" / "versions").mkdir(parents=True)
        git("init", "--quiet", "--initial-branch=main", cwd=self._repository)
        (self._repository / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        (self._repository / "migrations" / "env.py").write_text(ENV)
        shutil.copy(LOCK, self._repository)
        self._state = folder / "state"
        settings = Settings(self._state, interpreter_for(ACCOUNT), ACCOUNT)
        return connect(settings, lambda: str(self._repository), Prover(self._server))

    def _commit(self, revision: str, down: str | None, code: tuple[str, str]) -> Revision:
        text = MIGRATION.format(revision=revision, down=down, up=code[0], back=code[1])
        (self._repository / "migrations" / "versions" / f"{revision}.py").write_text(text)
        git("add", "--all", cwd=self._repository)
        git("commit", "--quiet", "--message", f"feat: {revision}", cwd=self._repository)
        return Revision(
            git("rev-parse", "HEAD", cwd=self._repository), git("rev-parse", "HEAD^{tree}", cwd=self._repository)
        )


def _never() -> bool:
    return False
