"""What a project's migration tool is run with: Alembic, or the commands of gate.yaml."""

from staging_gate.adapters.local.environ import fill_in
from staging_gate.domain.service import Schema


def to_upgrade(schema: Schema) -> tuple[str, ...]:
    return schema.commands.upgrade if schema.commands else (*_alembic(schema), "upgrade", "head")


def to_downgrade(schema: Schema, revision: str) -> tuple[str, ...]:
    """Back to a revision; `""` is before the first."""
    if schema.commands:
        return tuple(fill_in(word, {"REVISION": revision}) for word in schema.commands.downgrade)
    return (*_alembic(schema), "downgrade", revision or "base")


def to_tell_heads(schema: Schema) -> tuple[str, ...]:
    """Of Alembic; it needs no database for that."""
    return (*_alembic(schema), "heads")


def _alembic(schema: Schema) -> tuple[str, ...]:
    return ("python", "-m", "alembic", "-c", schema.config)
