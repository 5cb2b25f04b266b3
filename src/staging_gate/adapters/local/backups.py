"""Backups of services' databases, each made for one deployment before its migrations: `<state>/backups/<service>/`.

What counts has a `.json` beside it, which is written last. Anything else there is what a kill left.
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from staging_gate.adapters.local import disk
from staging_gate.adapters.local.builds import Builds
from staging_gate.adapters.local.environ import bare_environ
from staging_gate.adapters.local.launching import known_values, resolved_environ
from staging_gate.adapters.local.layout import Layout, a_name, make_folder
from staging_gate.adapters.local.leftovers import MARK, end_leftovers
from staging_gate.adapters.local.locks import locked, locked_for_removal
from staging_gate.adapters.local.schema import Schemas
from staging_gate.adapters.local.secrets import Hiding, Resolved
from staging_gate.adapters.local.waiting import Limit
from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.ports.databases import Copied, CopyJob, DatabaseKeeper
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import OutsideError, Unavailable
from staging_gate.ports.logs import Logs


@dataclass(frozen=True)
class BackupFolder:
    """Those of one service. Ours alone: a database may hold what only the service may see."""

    path: Path

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    def file(self, deployment: str) -> Path:
        return self.path / f"{a_name(deployment)}.backup"

    def draft(self, deployment: str) -> Path:
        return self.file(deployment).with_suffix(".new")

    def find(self, deployment: str) -> Backup | None:
        try:
            known = json.loads(self._facts(deployment).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return _backup(known) if self.file(deployment).is_file() else None

    def keep(self, backup: Backup) -> None:
        """From here on it counts, also after a loss of power."""
        self.draft(backup.deployment).rename(self.file(backup.deployment))
        facts = self._facts(backup.deployment)
        draft = facts.with_suffix(".json.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(vars(backup), file, default=_text)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(facts)
        _flush(self.path)

    def remove(self, deployment: str) -> None:
        """What says that it counts goes first."""
        for name in (self._facts(deployment), self.file(deployment)):
            name.unlink(missing_ok=True)
        self.remove_halves()

    def deployments(self) -> list[str]:
        return sorted(facts.stem for facts in self.path.glob("*.json"))

    def remove_halves(self) -> None:
        """Whoever holds the lock is the only one who makes any."""
        for file in self.path.glob("*"):
            whole = file.suffix == ".json" or (file.suffix == ".backup" and self._facts(file.stem).exists())
            if not whole and file != self.lock:
                file.unlink(missing_ok=True)

    def _facts(self, deployment: str) -> Path:
        return self.path / f"{a_name(deployment)}.json"


@dataclass(frozen=True)
class Backups:
    """Run as ourselves: neither the service nor a build can reach what is copied."""

    layout: Layout
    builds: Builds
    schemas: Schemas
    logs: Logs
    keeper: DatabaseKeeper | None = None

    def make(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        """The one that was made for this deployment, else a new one; None where no migration is new or there is no
        database yet. Raises Unavailable: then nothing was touched."""
        if order.service.schema is None:
            return None
        folder = self._folder(order.service.name)
        with locked(folder.lock, cancelled=cancelled), disk.explained(self.layout.root):
            if known := folder.find(order.deployment):
                return known
            end_leftovers(str(folder.draft(order.deployment)))
            folder.remove_halves()
            try:
                return self._make(folder, order, log, at, within, cancelled)
            finally:
                folder.remove_halves()

    def drop(self, service: str, deployment: str) -> None:
        folder = self._folder(service)
        with locked(folder.lock):
            folder.remove(deployment)

    def kept(self) -> list[tuple[str, str]]:
        """(service, deployment) of each whole one; halves that nobody is making are removed on the way."""
        found = []
        for path in sorted(self.layout.backups.glob("*/")):
            folder = BackupFolder(path)
            with locked_for_removal(folder.lock) as ours:
                if ours:
                    folder.remove_halves()
            found += [(path.name, deployment) for deployment in folder.deployments()]
        return found

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        """Shell commands, the first of which makes sure that the file is what it was."""
        build = self.builds.ensure(order.revision, order.service, f"{order.deployment}/restore-plan", _never)
        home = self.layout.scratch
        address, _ = self.schemas.database(order, build, resolved_environ(order, build, home, known_values(order)))
        check = f'echo "{backup.sha256}  {backup.file}" | sha256sum --check --quiet'
        return (check, *self._keeper().restoring(address, backup))

    def _keeper(self) -> DatabaseKeeper:
        if self.keeper is None:
            raise Unavailable("Nobody here can copy databases.")
        return self.keeper

    def _make(
        self, folder: BackupFolder, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled
    ) -> Backup | None:
        limit = Limit()
        build = self.builds.find(order.revision.tree, order.service)
        resolved = resolved_environ(order, build, self.layout.scratch, known_values(order))
        address, new = self.schemas.database(order, build, resolved)
        if not new:
            return None
        # A migration that outlived us would go on in what is copied.
        with locked(self.schemas.folder(order) / "schema.lock"):
            end_leftovers(str(self.schemas.folder(order) / "schema"))
        draft = folder.draft(order.deployment)
        output = Hiding(resolved, lambda text: self.logs.append(log, text))
        environ = {**bare_environ(self.layout.root), MARK: str(draft)}
        copied = self._copied(address, CopyJob(draft, within.total_seconds(), environ, output, cancelled), resolved)
        output.end()
        if copied is None:
            return None
        backup = _of(copied, order, at, folder.file(order.deployment), draft, limit.spent)
        folder.keep(backup)
        return backup

    def _copied(self, address: str, job: CopyJob, resolved: Resolved) -> Copied | None:
        try:
            return self._keeper().copy(address, job)
        except OutsideError as error:
            said = resolved.hide(error.message)
            if isinstance(error, Unavailable):
                said += " Without a backup nothing is migrated."
            raise type(error)(said, resolved.hide(error.evidence)) from error
        finally:
            end_leftovers(job.environ[MARK])

    def _folder(self, service: str) -> BackupFolder:
        return BackupFolder(make_folder(make_folder(self.layout.backups, 0o700) / a_name(service), 0o700))


def _of(copied: Copied, order: Order, at: datetime, file: Path, draft: Path, seconds: float) -> Backup:
    return Backup(
        deployment=order.deployment,
        service=order.service.name,
        at=at,
        kind=copied.kind,
        file=str(file),
        size=draft.stat().st_size,
        sha256=_flushed(draft),
        revisions=copied.revisions,
        tables=copied.tables,
        rows=copied.rows,
        proof=copied.proof,
        note=copied.note,
        seconds=seconds,
    )


def _flushed(file: Path) -> str:
    """The hash of its content, once that is on the disk for good."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
        os.fsync(content.fileno())
    return found


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _backup(known: dict[str, Any]) -> Backup:
    made = Backup(**known)
    at, proof = datetime.fromisoformat(known["at"]), BackupProof(known["proof"])
    return replace(made, at=at, proof=proof, revisions=tuple(known["revisions"]))


def _text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _never() -> bool:
    return False
