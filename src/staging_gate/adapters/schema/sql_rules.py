"""What is unsafe in the SQL of a migration: squawk's rules that concern deployments, and two that it lacks."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from staging_gate.domain.migration import Severity
from staging_gate.wire.commands import capture

E, W = Severity.ERROR, Severity.WARNING

RULES: dict[str, tuple[Severity, str]] = {
    "syntax-error": (E, "Mend the statement: Postgres can not read it."),
    "adding-required-field": (E, "Add it nullable or with a default, fill it, then set NOT NULL in a later release."),
    "adding-not-nullable-field": (W, "Add it nullable, fill it in small parts, then set NOT NULL."),
    "adding-field-with-default": (W, "Use a constant default: a volatile one rewrites the table."),
    "adding-foreign-key-constraint": (W, "Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration."),
    "adding-serial-primary-key-field": (W, "Build the index CONCURRENTLY, then add the constraint USING INDEX."),
    "ban-create-domain-with-constraint": (W, "Use a CHECK constraint that is added NOT VALID."),
    "ban-drop-column": (W, "Remove it one release after the code has stopped using it."),
    "ban-drop-database": (E, "A migration never drops a database."),
    "ban-drop-not-null": (W, "The code of the release before may not expect NULL: change the code first."),
    "ban-drop-table": (W, "Remove it one release after the code has stopped using it."),
    "ban-truncate-cascade": (E, "Delete what is meant, table by table."),
    "changing-column-type": (W, "Add a column of the new type, copy in small parts, switch, remove the old one later."),
    "constraint-missing-not-valid": (W, "Add it NOT VALID, and VALIDATE CONSTRAINT in a later migration."),
    "disallowed-unique-constraint": (W, "Build a unique index CONCURRENTLY, then add the constraint USING INDEX."),
    "ban-concurrent-index-creation-in-transaction": (E, "Put it into `with op.get_context().autocommit_block():`."),
    "renaming-column": (W, "Add the new column, write both, switch the code, remove the old one later."),
    "renaming-table": (W, "Make a view of the old name, switch the code, remove the view later."),
    "require-concurrent-index-creation": (W, "Create it with postgresql_concurrently=True in an autocommit block."),
    "require-concurrent-index-deletion": (W, "Drop it with postgresql_concurrently=True in an autocommit block."),
}
"""Severity and what to do instead, by squawk's names. Its matters of taste are left out."""

_UPDATE = re.compile(r"^\s*UPDATE\s+(?:ONLY\s+)?\"?(\w+)\"?\s+SET\b(?!.*\bWHERE\b)", re.IGNORECASE | re.DOTALL)
_TRUNCATE = re.compile(r"^\s*TRUNCATE\s+(?:TABLE\s+)?\"?(\w+)", re.IGNORECASE)
_DELETE = re.compile(r"^\s*DELETE\s+FROM\s+\"?(\w+)\"?\s*(?!.*\bWHERE\b)", re.IGNORECASE | re.DOTALL)
_QUIET = {"alembic_version"}
_NAMES = re.compile(
    r"(?:TABLE|INDEX|UPDATE|FROM|COLUMN|CONSTRAINT|ON|ADD|RENAME|TO)\s+(?:IF \w+ (?:EXISTS )?)?\"?(\w+)\"?",
    re.IGNORECASE,
)
_WHOLE = (
    (_UPDATE, "whole-table-update", "updates"),
    (_DELETE, "whole-table-delete", "empties"),
    (_TRUNCATE, "truncate", "empties"),
)


@dataclass(frozen=True)
class Unsafe:
    """`names` are those of the statement, by which its place in the migration is found."""

    code: str
    severity: Severity
    what: str
    why: str
    instead: str
    names: tuple[str, ...]


def unsafe(sql: str) -> Iterator[Unsafe] | None:
    """What a migration's SQL does that hurts while people use the database; None where squawk is not installed."""
    program = squawk()
    return None if program is None else iter([*_squawked(program, sql), *_whole_tables(sql)])


def squawk() -> str | None:
    ours = Path(sys.executable).with_name("squawk")
    return str(ours) if ours.is_file() else shutil.which("squawk")


def names_in(statement: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in _NAMES.findall(statement) if name.upper() not in _WORDS))


_WORDS = {"COLUMN", "CONSTRAINT", "TABLE", "INDEX", "ONLY", "SET", "TYPE", "NOT", "NULL", "DEFAULT", "CONCURRENTLY"}


def _squawked(program: str, sql: str) -> Iterator[Unsafe]:
    argv = [program, "--reporter", "json", "--assume-in-transaction", "--stdin-filepath", "migration.sql"]
    answer = capture(argv, environ={"PATH": "/usr/bin:/bin"}, given=sql.encode(), within=60)
    lines = sql.splitlines()
    for one in json.loads(answer.out or b"[]"):
        statement = "\n".join(lines[one["line"] : one["line_end"] + 1])
        if one["rule_name"] == "constraint-missing-not-valid" and "UNIQUE" in statement.upper():
            continue  # that can not be NOT VALID, and has a rule of its own
        if one["rule_name"] in RULES:
            severity, instead = RULES[one["rule_name"]]
            yield Unsafe(one["rule_name"], severity, _short(statement), one["message"], instead, names_in(statement))


def _whole_tables(sql: str) -> Iterator[Unsafe]:
    for statement in sql.split(";"):
        text = re.sub(r"^\s*--.*$", "", statement, flags=re.MULTILINE)
        for pattern, code, verb in _WHOLE:
            if (found := pattern.match(text)) and found[1] not in _QUIET:
                yield Unsafe(
                    code,
                    W,
                    _short(text),
                    f"It {verb} every row of {found[1]} in one transaction: writers wait, and the table grows.",
                    "Do it in small parts, outside of the migration, before the code needs it.",
                    (found[1],),
                )


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
