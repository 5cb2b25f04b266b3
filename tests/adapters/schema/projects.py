"""Projects with migrations, in folders of their own, and the environment of the tests to run them in."""

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import psycopg

from staging_gate.domain.service import Schema
from staging_gate.ports.errors import Refused
from staging_gate.ports.schema_tool import Ask, Ran
from staging_gate.wire.commands import capture
from staging_gate.wire.conversation import Conversation, Ended, conversation

INI = "[alembic]\nscript_location = %(here)s/migrations\n"
ENV = """
import os
import sqlite3
from alembic import context
from sqlalchemy import create_engine
import models
if context.is_offline_mode():
    context.configure(url=os.environ["DATABASE_URL"], target_metadata=models.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        context.configure(connection=connection, target_metadata=models.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
"""
MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
orders = sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("item", sa.Text, nullable=False), sa.Column("amount", sa.Integer), sa.Column("note", sa.String(40)))
"""
FIRST = """
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("item", sa.Text, nullable=False),
        sa.Column("amount", sa.Integer), sa.Column("note", sa.String(40)))
"""
SCHEMA = Schema("alembic", "alembic.ini", "DATABASE_URL")


def migration(revision: str, down: str | None, up: str = "pass", back: str | None = "pass") -> str:
    """The text of a migration; `back` None leaves its downgrade out."""
    text = f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{revision}"\ndown_revision = {down!r}\n'
    for name, body in (("upgrade", up), ("downgrade", back)):
        if body is not None:
            text += f"\n\ndef {name}():\n{indent(dedent(body).strip(), '    ')}\n"
    return text


def versions(**more: str) -> dict[str, str]:
    """A first migration that makes `orders`, and those of the test, by file name without `.py`."""
    texts = {"0001_orders": migration("0001", None, FIRST, 'op.drop_table("orders")'), **more}
    return {f"migrations/versions/{name}.py": text for name, text in texts.items()}


@dataclass(frozen=True)
class Project:
    """Implements `ports.schema_tool.Site`. `python` is that of its environment."""

    folder: Path
    python: str = sys.executable

    @classmethod
    def write(cls, folder: Path, files: Mapping[str, str], models: str = MODELS) -> "Project":
        for path, text in {"alembic.ini": INI, "migrations/env.py": ENV, "models.py": models, **files}.items():
            (folder / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / path).write_text(text)
        return cls(folder)

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @property
    def scratch(self) -> Path:
        return self.folder

    def value_of(self, text: str) -> str:
        return os.environ[text.removeprefix("env:")] if text.startswith("env:") else text

    def cancelled(self) -> bool:
        return False

    @contextmanager
    def talk(self, argv: tuple[str, ...], environ: Mapping[str, str]) -> Iterator[Ask]:
        program = self.python if argv[0] == "python" else argv[0]
        with conversation(
            (program, *argv[1:]), environ={"PATH": os.environ["PATH"], **environ}, cwd=self.tree, output=lambda _: None
        ) as talk:
            yield lambda question, within: answer(talk, question, within)

    def run(self, argv: tuple[str, ...], environ: Mapping[str, str], within: float) -> Ran:
        program = self.python if argv[0] == "python" else argv[0]
        environ = {"PATH": os.environ["PATH"], **environ}
        done = capture([program, *argv[1:]], environ=environ, cwd=self.tree, within=within)
        tail = done.text + done.err.decode()
        error = f"`{' '.join(argv)}` ended with exit code {done.code}" if done.code else ""
        return Ran(error, (tail.splitlines() or [""])[-1], tail)


def answer(talk: Conversation, question: object, within: float) -> Any:
    try:
        return talk.ask(question, within)
    except Ended as ended:
        raise Refused("The tool ended.", str(ended)) from ended


def fill(address: str) -> str:
    """500 orders: every tenth has a note, many share an item."""
    rows = [(number, f"item {number % 7}", number, "x" if number % 10 == 0 else None) for number in range(500)]
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
            database.commit()
    else:
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as database:
            database.cursor().executemany("INSERT INTO orders VALUES (%s, %s, %s, %s)", rows)
    return ""
