"""Which database migrations a revision has, by a name that is another one whenever one of them is."""

import hashlib
from configparser import ConfigParser, Error
from posixpath import dirname, join, normpath

from staging_gate.domain.policy import Policy
from staging_gate.domain.service import Schema
from staging_gate.ports import Ports
from staging_gate.runbook.policy import policy_in_force


def migration_set(ports: Ports, policy: Policy | None, commit: str) -> str:
    """Hex SHA-256 of the services' schema folders as they are in a revision; empty where there are none."""
    schemas = [service.schema for service in policy.services if service.schema] if policy else []
    places = dict.fromkeys(_place(ports, schema, commit) for schema in schemas)
    found = {place: id for place in places if place is not None and (id := ports.code_host.folder(commit, place))}
    said = "".join(f"{id} {place}\n" for place, id in sorted(found.items()))
    return hashlib.sha256(said.encode()).hexdigest() if said else ""


def migrations_among(ports: Ports, files: list[str]) -> list[str]:
    """Those of these files that are migrations, by the rules in force: in Alembic's folders or another tool's."""
    policy = policy_in_force(ports)
    schemas = [service.schema for service in policy.services if service.schema] if policy else []
    folders = tuple(f"{schema.files}/" for schema in schemas if schema.files)
    return [path for path in files if path.startswith(folders) or ("/versions/" in path and path.endswith(".py"))]


def _place(ports: Ports, schema: Schema, commit: str) -> str | None:
    """Its folder; all of the tree where another tool's is not known: then everything may be a migration."""
    return schema.files if schema.commands else _folder(ports.code_host.file(commit, schema.config), schema.config)


def _folder(config: bytes | None, path: str) -> str | None:
    """Where Alembic looks for them: `script_location`, from the root of the tree or beside the file (`%(here)s`)."""
    if config is None:
        return None
    read = ConfigParser(interpolation=None)
    try:
        read.read_string(config.decode(errors="replace"))
        location = read.get("alembic", "script_location")
    except Error:
        return None
    here = dirname(path) or "."
    place = normpath(location.replace("%(here)s", here) if "%(here)s" in location else join(".", location))
    return None if place.startswith(("..", "/")) or place == "." else place
