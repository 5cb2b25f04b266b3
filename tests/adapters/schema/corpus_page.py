"""The corpus as a table: `PYTHONPATH=src python -m tests.adapters.schema.corpus_page` writes the page in docs.

What it says is found, is what the test of the corpus finds: it reads the same marks.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from staging_gate.adapters.schema import sql_rules
from tests.adapters.schema.corpus import ALL, History

PAGE = Path(__file__).parents[3] / "docs" / "adapters" / "schema-corpus.md"
MARK = re.compile(r"#\s*<- (.+)$")
SCANNED = {
    "several_heads", "lost_parent", "duplicate_revision", "syntax_error", "loop", "unreadable_revision",
    "downgrade_missing", "downgrade_empty", "downgrade_gives_up",
}  # fmt: skip
SQL = {*sql_rules.RULES, "whole-table-update", "whole-table-delete", "truncate"}
HEAD = """# Histories of migrations, and what is found in them

Each is a test on a real database: what stands here is found, with file and line, and nothing else but what follows
from it, such as models that no longer fit. Written by `PYTHONPATH=src python -m tests.adapters.schema.corpus_page`.

"""


def marked(history: History) -> set[tuple[str, int, str]]:
    """Path, line and code of every finding that has to be there."""
    return {
        (path, number, code)
        for path, text in history.files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (mark := MARK.search(line))
        for code in mark[1].split(", ")
    }


def rows() -> Iterator[tuple[str, str, str, str, str]]:
    """History, databases, code, where it is found, by what."""
    for history in ALL:
        kinds = " and ".join("SQLite" if kind == "sqlite" else "Postgres" for kind in sorted(history.kinds))
        found = sorted(marked(history)) or [("", 0, "")]
        for path, line, code in found:
            if code:
                yield history.name, kinds, code, f"{Path(path).name}:{line}", by(code)
            elif history.tolerates == ("history_rewritten",):
                yield history.name, kinds, "history_rewritten", "alembic.ini:1", by("history_rewritten")
            else:
                yield history.name, kinds, "none", "", ""


def by(code: str) -> str:
    return "reading the files" if code in SCANNED else "its SQL" if code in SQL else "a clone"


def page() -> str:
    lines = ["| History | Databases | Found | Where | By |", "|---|---|---|---|---|"]
    before = ""
    for name, *rest in rows():
        lines.append("| " + " | ".join(("" if name == before else name, *rest)).replace("|  |", "| |") + " |")
        before = name
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
