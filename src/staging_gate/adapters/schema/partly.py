"""How much of a migration is in a database: what it changes on a clone, compared with what is really there."""

from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.adapters.schema.databases import Snapshot, differences
from staging_gate.domain.diagnosis import Next


@dataclass(frozen=True)
class Applied:
    """Of one migration: `there` and `missing` are its changes as `differences` writes them; `drift` is what else is
    other than the migrations before it have made."""

    there: tuple[str, ...]
    missing: tuple[str, ...]
    drift: tuple[str, ...]


def compare(before: Snapshot, after: Snapshot | None, real: Snapshot, text: str) -> Applied:
    """`after` is None where the migration does not run on a clone either; then what `text`, its file, speaks of is
    taken for its doing."""
    found = differences(before, real)
    if after is None:
        ours = [line for line in found if _last_name(line) in text]
        return Applied(tuple(ours), (), tuple(line for line in found if line not in ours))
    wanted = differences(before, after)
    return Applied(
        tuple(line for line in wanted if line in found),
        tuple(line for line in wanted if line not in found),
        tuple(line for line in found if line not in wanted),
    )


def undoing(there: Sequence[str]) -> tuple[Next, ...]:
    """The statements that take these changes back, as far as a statement can: what went with a table needs none."""
    made = [_parts(line) for line in there if line.startswith("+ ")]
    tables = {name for kind, name, _ in made if kind == "table"}
    constraints = {name.rpartition(".")[2] for kind, name, _ in made if kind == "constraint"}
    columns = {name for kind, name, _ in made if kind == "column"}
    found = []
    for kind, name, value in made:
        table, _, last = name.rpartition(".")
        gone = {table, last if kind == "sequence" else table} & tables or any(_is_on(value, one) for one in tables)
        own = kind == "index" and last in constraints
        of_column = kind in ("index", "constraint") and any(_names(value, column) for column in columns)
        needed = kind == "table" or not (gone or own or of_column or kind == "sequence")
        if needed and (statement := _drop(kind, table, last)):
            found.append(Next(f"take back {kind} {name}", statement))
    changed = [line for line in there if not line.startswith("+ ")]
    return (*found, *(Next(_by_hand(line), "-- by hand, or from the backup") for line in changed))


def _drop(kind: str, table: str, name: str) -> str:
    dropped = {
        "table": f'DROP TABLE "{name}";',
        "view": f'DROP VIEW "{name}";',
        "index": f'DROP INDEX "{name}";',
        "type": f'DROP TYPE "{name}";',
        "column": f'ALTER TABLE "{table}" DROP COLUMN "{name}";',
        "constraint": f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}";',
    }
    return dropped.get(kind, "")


def _by_hand(line: str) -> str:
    kind, name, value = _parts(line)
    if line.startswith("- "):
        return f"{kind} {name} is gone ({value}), with what was in it"
    was, _, now = value.partition(" -> ")
    return f"{kind} {name} was {was} and is {now}"


def _parts(line: str) -> tuple[str, str, str]:
    """`+ column orders.price: numeric` -> column, orders.price, numeric."""
    name, _, value = line[2:].partition(": ")
    kind, _, rest = name.partition(" ")
    return kind, rest, value


def _last_name(line: str) -> str:
    return _parts(line)[1].rpartition(".")[2]


def _is_on(value: str, table: str) -> bool:
    """Whether an index or a trigger is of this table, by its definition."""
    words = value.replace("(", " ").replace('"', "").split()
    return any(
        word == "ON" and words[at + 1 : at + 2] and words[at + 1].rpartition(".")[2] == table
        for at, word in enumerate(words)
    )


def _names(value: str, column: str) -> bool:
    table, _, name = column.rpartition(".")
    return _is_on(value, table) and name in value.replace("(", " ").replace(")", " ").replace(",", " ").split()
