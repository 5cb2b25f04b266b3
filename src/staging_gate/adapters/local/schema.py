"""Bringing a service's database to the schema of a tree, with the project's own migration tool."""

import configparser
import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.commands import Command, Commands, ending, last_line
from staging_gate.adapters.local.launching import known_values, path_of, program, resolved_environ
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.locks import locked
from staging_gate.adapters.local.migration_commands import to_upgrade
from staging_gate.adapters.local.secrets import Resolved
from staging_gate.adapters.local.stands import Stands
from staging_gate.domain.service import Schema
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.ports.logs import Logs
from staging_gate.wire.commands import Account, Finished

_UNREACHABLE = ("connection refused", "could not translate host name", "name or service not known", "timeout expired")


@dataclass(frozen=True)
class Schemas:
    """Remembers, beside a service's places, which migrations its database was last brought to.

    `revisions` says which a database has by itself: somebody may have restored it since.
    """

    layout: Layout
    builds: Builds
    logs: Logs
    account: Account | None
    revisions: Callable[[str], tuple[str, ...] | None] = lambda address: None

    def upgrade(self, order: Order, log: str) -> str:
        """Run the migrations of the order's tree; a sentence on what was done. No process when none is new.

        Raises Refused where a migration fails or its time is up: the database may then be half upgraded.
        """
        schema = order.service.schema
        if schema is None:
            return "there is no schema to upgrade"
        build = self.builds.find(order.revision.tree, order.service)
        with locked(self.folder(order) / "schema.lock"), self.builds.in_use(build):
            if self.is_at(order, build):
                return "the database has these migrations already"
            self.forget(order)
            seconds = self.run(order, to_upgrade(schema), build, log, "migrations")
            stand = self.said(order, schema.commands.current, build, log) if schema.commands else ""
            self.remember(order, build, last_line(stand, ""))
        return f"migrated in {seconds:.1f} s"

    def folder(self, order: Order) -> Path:
        return self.layout.places(order.environment, order.service.name)

    def is_at(self, order: Order, build: Build) -> bool:
        """Whether the database was last brought to the migrations of this order's tree, as far as we know."""
        return not self.database(order, build, self._environ(order, build))[1]

    def forget(self, order: Order) -> None:
        """Before anything begins that may end half way."""
        Record(self.folder(order) / "schema.json").forget()

    def remember(self, order: Order, build: Build, stand: str) -> None:
        """The database has the migrations of this order's tree now, and stands there, as its tool says."""
        schema = order.service.schema
        assert schema is not None
        migrations = fingerprint(build.path, schema)
        if migrations is None:
            return
        database = _database(schema, order, self._environ(order, build))
        Record(self.folder(order) / "schema.json").write(database, migrations, self._revisions(database, build))
        Stands(self.folder(order) / "stands.json").note(migrations, stand)

    def stand(self, order: Order, build: Build) -> str | None:
        """Where the database stood when it had the migrations of this order's tree; None where nobody looked."""
        assert order.service.schema is not None
        migrations = fingerprint(build.path, order.service.schema)
        return Stands(self.folder(order) / "stands.json").get(migrations) if migrations else None

    def revisions_of(self, order: Order, build: Build) -> list[str] | None:
        """What the database itself says; None where it can not be read."""
        assert order.service.schema is not None
        return self._revisions(_database(order.service.schema, order, self._environ(order, build)), build)

    def has_to_be_upgraded(self, order: Order) -> bool:
        """Whether `upgrade` of this order, which is built, may start a process; raises as it does."""
        if order.service.schema is None:
            return False
        build = self.builds.find(order.revision.tree, order.service)
        home = self.layout.places(order.environment, order.service.name) / "schema"
        return self.database(order, build, resolved_environ(order, build, home, known_values(order)))[1]

    def database(self, order: Order, build: Build, resolved: Resolved) -> tuple[str, bool]:
        """The full address, and whether the order's tree may have migrations that are new to that database."""
        schema = order.service.schema
        assert schema is not None
        database = _database(schema, order, resolved)
        record = Record(self.layout.places(order.environment, order.service.name) / "schema.json")
        migrations = fingerprint(build.path, schema)
        known = migrations and record.says(database, migrations, self._revisions(database, build))
        return full_address(database, build.path), not known

    def _revisions(self, database: str, build: Build) -> list[str] | None:
        found = self.revisions(full_address(database, build.path))
        return None if found is None else list(found)

    def said(self, order: Order, command: tuple[str, ...], build: Build, log: str) -> str:
        """What a command of the tool answers. Raises Refused, Unavailable."""
        return self._finished(order, command, build, log, "migration tool").tail

    def run(self, order: Order, command: tuple[str, ...], build: Build, log: str, what: str) -> float:
        """The seconds that it took. Raises Refused where it fails or its time is up, Unavailable."""
        return self._finished(order, command, build, log, what).seconds

    def _finished(self, order: Order, command: tuple[str, ...], build: Build, log: str, what: str) -> Finished:
        argv = program(command, build.path, path_of(build), {}, f"services.{order.service.name}.schema")
        self.logs.append(log, f"$ {' '.join(command)}\n")
        within, home = order.service.build_within, self.folder(order) / "schema"
        asked = Command(argv, build.path, home, _patient(self._environ(order, build), order), within, log)
        finished = Commands(self.logs, self.account).run(asked)
        if finished.ok:
            return finished
        evidence = "\n".join(finished.tail.splitlines()[-50:])
        if any(words in evidence.lower() for words in _UNREACHABLE):
            raise Unavailable(
                f"The database of {order.service.name} in {order.environment} can not be reached.", evidence
            )
        raise Refused(
            f"The {what} of {order.service.name} failed in {order.environment}: `{' '.join(command)}` "
            f"{ending(finished, within)}. Look at what is applied before you try again.",
            evidence,
        )

    def _environ(self, order: Order, build: Build) -> Resolved:
        return resolved_environ(order, build, self.folder(order) / "schema", known_values(order))


def _patient(resolved: Resolved, order: Order) -> Resolved:
    """With how long it waits for a lock of Postgres; what the service says itself comes after it and wins."""
    schema, own = order.service.schema, resolved.environ.get("PGOPTIONS", "")
    assert schema is not None
    limit = f"-c lock_timeout={round(schema.lock_timeout.total_seconds() * 1000)}"
    return replace(resolved, environ={**resolved.environ, "PGOPTIONS": f"{limit} {own}".strip()})


@dataclass(frozen=True)
class Record:
    """The last upgrade that went well. The database's address is kept as a salted hash: it may hold a password."""

    path: Path

    def says(self, database: str, migrations: str, revisions: list[str] | None) -> bool:
        try:
            known = json.loads(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            return False
        expected = _entry(known.get("salt", ""), database, migrations, revisions)
        return bool(known == expected) and not _is_gone(database)

    def write(self, database: str, migrations: str, revisions: list[str] | None) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(_entry(secrets.token_hex(16), database, migrations, revisions)))
        os.replace(draft, self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def fingerprint(tree: Path, schema: Schema) -> str | None:
    """Names the migrations of a tree by all that is in their folder; None where we can not tell which that is."""
    found = _commands_folder(tree, schema) if schema.commands else _alembic_folder(tree, schema)
    if found is None:
        return None
    said, folder = found
    seen = hashlib.sha256(said)
    for path in sorted(path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file()):
        content = path.read_bytes()
        seen.update(f"{os.path.relpath(path, tree)}\0{len(content)}\0".encode() + content)
    return seen.hexdigest()


def _commands_folder(tree: Path, schema: Schema) -> tuple[bytes, Path] | None:
    folder = (tree / schema.files).resolve()
    if not schema.files or not folder.is_relative_to(tree.resolve()):
        return None
    if not folder.is_dir():
        raise Refused(f"gate.yaml says that the migrations are in {schema.files}, which is no folder in the tree.")
    return "\0".join(to_upgrade(schema)).encode(), folder


def _alembic_folder(tree: Path, schema: Schema) -> tuple[bytes, Path] | None:
    parser = configparser.ConfigParser(defaults={"here": str(tree)})
    try:
        text = (tree / schema.config).read_text(encoding="utf-8")
        parser.read_string(text)
        location = parser.get("alembic", "script_location")
        elsewhere = parser.get("alembic", "version_locations", fallback="")
    except FileNotFoundError as error:
        raise Refused(f"The migrations need {schema.config}, which is not in the tree.") from error
    except (configparser.Error, UnicodeDecodeError):
        return None
    folder = (tree / location).resolve()
    inside = folder.is_dir() and folder.is_relative_to(tree.resolve())
    return (text.encode(), folder) if inside and not elsewhere else None


def _database(schema: Schema, order: Order, resolved: Resolved) -> str:
    if address := resolved.environ.get(schema.database):
        return address
    raise Refused(
        f"services.{order.service.name}.schema says that {schema.database} names the database, but that is not set "
        f"for {order.environment}: add it under targets.{order.environment}."
    )


def full_address(database: str, tree: Path) -> str:
    """`sqlite:///live.db` is below the folder in which the tool runs: the tree."""
    scheme, here, path = database.partition(":///")
    return f"{scheme}:///{tree / path}" if scheme.startswith("sqlite") and here else database


def _entry(salt: str, database: str, migrations: str, revisions: list[str] | None) -> dict[str, object]:
    hashed = hashlib.sha256((salt + database).encode()).hexdigest()
    return {"salt": salt, "database": hashed, "migrations": migrations, "revisions": revisions}


def _is_gone(database: str) -> bool:
    """A database in a file that somebody removed has no migrations any more."""
    address = urlsplit(database)
    return address.scheme.startswith("sqlite") and not Path(address.path.removeprefix("/")).exists()
