"""Histories of migrations, each with a known fault or none.

What must be found stands in the migrations themselves: `# <- code` at the end of a line says that this finding has to
be there, on that line. Nothing else may be found, but for what a history `tolerates`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.adapters.schema.projects import MODELS, migration, versions

ADD = 'op.add_column("orders", sa.Column("ext", sa.Text))'
DROP = 'op.drop_column("orders", "ext")'
EXT = MODELS.replace('sa.Column("note"', 'sa.Column("ext", sa.Text), sa.Column("note"')
BOTH, POSTGRES, SQLITE = ("postgres", "sqlite"), ("postgres",), ("sqlite",)


@dataclass(frozen=True)
class History:
    """`files` are the migrations after the first, by path. `since` is where production stands."""

    name: str
    files: Mapping[str, str]
    kinds: tuple[str, ...] = POSTGRES
    models: str = MODELS
    tolerates: tuple[str, ...] = ("model_drift",)
    since: tuple[str, ...] | None = ("0001",)
    unknown: tuple[str, ...] = field(default=())


def one(name: str, up: str, back: str | None = 'op.execute("SELECT 1")', **more: object) -> History:
    """A history with one new migration."""
    return History(name, versions(**{"0002_next": migration("0002", "0001", up, back)}), **more)  # type: ignore[arg-type]


def files(**texts: str) -> Mapping[str, str]:
    return versions(**texts)


SECOND = migration("0002", "0001", ADD, DROP)
STATIC = [
    History(
        "two heads",
        files(a=SECOND, b=migration("0003", "0001", ADD, DROP).replace("'0001'", "'0001'  # <- several_heads")),
        BOTH,
    ),
    History("lost parent", files(a=SECOND.replace("'0001'", "'0000'  # <- lost_parent, several_heads")), BOTH),
    History(
        "a revision twice",
        files(a=SECOND, b=SECOND.replace('revision = "0002"', 'revision = "0002"  # <- duplicate_revision', 1)),
        BOTH,
    ),
    History("syntax error", files(a=SECOND + "\n\ndef broken(:  # <- syntax_error\n"), BOTH),
    History(
        "a loop",
        files(
            a=migration("0002", "0003", ADD, DROP).replace("'0003'", "'0003'  # <- loop"),
            b=migration("0003", "0002", ADD, DROP),
        ),
        BOTH,
    ),
    History(
        "a computed revision",
        files(a=SECOND.replace('revision = "0002"', 'revision = "00" + str(2)  # <- unreadable_revision', 1)),
        BOTH,
    ),
    History("no downgrade", files(a="# <- downgrade_missing\n" + migration("0002", "0001", ADD, None)), POSTGRES,
            tolerates=("model_drift", "downgrade_fails")),  # fmt: skip
    History(
        "an empty downgrade",
        files(a=migration("0002", "0001", ADD, "pass").replace("downgrade():", "downgrade():  # <- downgrade_empty")),
        BOTH, tolerates=("model_drift", "downgrade_differs", "upgrade_fails"),
    ),
    one("a downgrade that gives up", ADD, "raise NotImplementedError  # <- downgrade_gives_up, downgrade_fails",
        kinds=BOTH),
    one("words and then giving up", ADD,
        '"""No way back."""\nraise RuntimeError("no")  # <- downgrade_gives_up, downgrade_fails'),
    History("an applied migration is gone", files(a=SECOND), BOTH, since=("0009",), tolerates=("history_rewritten",)),
]  # fmt: skip
LOCKS = [
    one(
        "a required column",
        'op.add_column("orders", sa.Column("ext", sa.Text, nullable=False))  # <- adding-required-field, fails_on_data',
        DROP,
    ),
    one(
        "an index that locks",
        'op.create_index("ix_item", "orders", ["item"])  # <- require-concurrent-index-creation',
        'op.drop_index("ix_item")',
    ),
    one(
        "concurrently, in a transaction",
        'op.execute("CREATE INDEX CONCURRENTLY ix_item ON orders (item)")'
        "  # <- ban-concurrent-index-creation-in-transaction, upgrade_fails",
        'op.drop_index("ix_item")',
    ),
    one(
        "a wider type",
        'op.alter_column("orders", "amount", type_=sa.BigInteger)  # <- changing-column-type, table_rewrite',
        'op.alter_column("orders", "amount", type_=sa.Integer)',
    ),
    one(
        "text to number",
        'op.execute("ALTER TABLE orders ALTER COLUMN item TYPE integer USING length(item)")'
        "  # <- changing-column-type, table_rewrite",
        'op.alter_column("orders", "item", type_=sa.Text)',
    ),
    one(
        "a longer string",
        'op.alter_column("orders", "note", type_=sa.String(80))  # <- changing-column-type',
        'op.alter_column("orders", "note", type_=sa.String(40))',
    ),
    one(
        "a renamed column",
        'op.alter_column("orders", "note", new_column_name="remark")  # <- renaming-column',
        'op.alter_column("orders", "remark", new_column_name="note")',
    ),
    one(
        "a renamed table",
        'op.rename_table("orders", "sales")  # <- renaming-table',
        'op.rename_table("sales", "orders")',
        tolerates=("model_drift", "rows_lost"),
    ),
    one(
        "a dropped column",
        'op.drop_column("orders", "note")  # <- ban-drop-column',
        'op.add_column("orders", sa.Column("note", sa.String(40)))',
    ),
    one(
        "a dropped table",
        'op.drop_table("orders")  # <- ban-drop-table, rows_lost',
        'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("item", sa.Text,'
        ' nullable=False), sa.Column("amount", sa.Integer), sa.Column("note", sa.String(40)))',
    ),
    one(
        "nullable again",
        'op.alter_column("orders", "item", nullable=True)  # <- ban-drop-not-null',
        'op.alter_column("orders", "item", nullable=False)',
    ),
    one(
        "NOT NULL over nulls",
        'op.alter_column("orders", "note", nullable=False)  # <- adding-not-nullable-field, fails_on_data',
        'op.alter_column("orders", "note", nullable=True)',
    ),
    one(
        "a foreign key at once",
        'op.create_foreign_key("fk_self", "orders", "orders", ["amount"], ["id"])'
        "  # <- adding-foreign-key-constraint, constraint-missing-not-valid",
        'op.drop_constraint("fk_self", "orders")',
    ),
    one(
        "a unique constraint",
        'op.create_unique_constraint("uq_amount", "orders", ["amount"])  # <- disallowed-unique-constraint',
        'op.drop_constraint("uq_amount", "orders")',
    ),
    one(
        "a unique constraint over doubles",
        'op.create_unique_constraint("uq_item", "orders", ["item"])  # <- disallowed-unique-constraint, fails_on_data',
        'op.drop_constraint("uq_item", "orders")',
    ),
    one(
        "a check constraint at once",
        'op.create_check_constraint("positive", "orders", "amount >= 0")  # <- constraint-missing-not-valid',
        'op.drop_constraint("positive", "orders")',
    ),
    one(
        "a check that rows break",
        'op.create_check_constraint("many", "orders", "amount > 100")'
        "  # <- constraint-missing-not-valid, fails_on_data",
        'op.drop_constraint("many", "orders")',
    ),
    one(
        "a volatile default",
        'op.execute("ALTER TABLE orders ADD COLUMN ext uuid DEFAULT gen_random_uuid()")'
        "  # <- adding-field-with-default, table_rewrite",
        DROP,
    ),
]
DATA = [
    one("an update of all rows", "op.execute(\"UPDATE orders SET note = 'x'\")  # <- whole-table-update"),
    one("a truncated table", 'op.execute("TRUNCATE orders")  # <- truncate, rows_lost'),
    one("a truncated cascade", 'op.execute("TRUNCATE orders CASCADE")  # <- truncate, ban-truncate-cascade, rows_lost'),
    one("an emptied table", 'op.execute("DELETE FROM orders")  # <- whole-table-delete, rows_lost'),
    one("some deleted rows", 'op.execute("DELETE FROM orders WHERE amount > 10")  # <- rows_lost', kinds=BOTH),
    one("an update in part", "op.execute(\"UPDATE orders SET note = 'x' WHERE amount < 10\")", kinds=BOTH),
    one(
        "looks into the database",
        'op.get_bind().execute(sa.text("SELECT 1")).scalar()',
        unknown=("looks into the database",),
    ),
    one(
        "fails in the middle",
        f'{ADD}\nop.execute("UPDATE nothing SET x = 1")  # <- upgrade_fails',
        DROP,
        kinds=BOTH,
        tolerates=("model_drift", "whole-table-update"),
    ),
    one(
        "a table that is not there",
        'op.drop_column("order", "note")  # <- upgrade_fails',
        kinds=POSTGRES,
        tolerates=("model_drift", "ban-drop-column"),
    ),
    one(
        "may not do it",
        'op.execute("SET LOCAL ROLE pg_monitor")\nop.drop_column("orders", "note")  # <- upgrade_fails',
        tolerates=("model_drift", "ban-drop-column"),
    ),
    one(
        "a required column on SQLite",
        'op.add_column("orders", sa.Column("ext", sa.Text, nullable=False))  # <- fails_on_data',
        DROP,
        kinds=SQLITE,
    ),
]
BACK = [
    one("leaves an index",
        'op.create_index("ix_item", "orders", ["item"])  # <- require-concurrent-index-creation, upgrade_fails',
        'op.execute("SELECT 1")', tolerates=("model_drift", "downgrade_differs")),
    one("leaves a column", f"{ADD}  # <- upgrade_fails", 'op.execute("SELECT 1")', kinds=BOTH,
        tolerates=("model_drift", "downgrade_differs")),
    one("drops another name", ADD, 'op.drop_column("orders", "extra")  # <- downgrade_fails', kinds=BOTH),
    one("leaves an enum", 'sa.Enum("new", "paid", name="state").create(op.get_bind())\n'
        'op.execute("ALTER TABLE orders ADD COLUMN ext state")', DROP,
        tolerates=("model_drift", "downgrade_differs", "upgrade_fails")),
    one("comes back as another type", 'op.drop_column("orders", "note")  # <- ban-drop-column',
        'op.add_column("orders", sa.Column("note", sa.Integer))  # <- downgrade_differs'),
    History("a model without its column", files(a=migration("0002", "0001", ADD, DROP)), BOTH,
            tolerates=("model_drift",)),
]  # fmt: skip
CLEAN = [
    one("a nullable column", ADD, DROP, models=EXT, kinds=BOTH, tolerates=()),
    one("a constant default", 'op.add_column("orders", sa.Column("ext", sa.Text, server_default="x"))', DROP,
        models=EXT, tolerates=()),
    one("a new table", 'op.create_table("tags", sa.Column("id", sa.Integer, primary_key=True))',
        'op.drop_table("tags")', kinds=BOTH, tolerates=(),
        models=MODELS + 'sa.Table("tags", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'),
    one("an index, concurrently", "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix_item", "orders", ["item"], postgresql_concurrently=True)',
        "with op.get_context().autocommit_block():\n"
        '    op.drop_index("ix_item", postgresql_concurrently=True)',
        models=MODELS.replace('sa.String(40))', 'sa.String(40)), sa.Index("ix_item", "item")'), tolerates=()),
    one("a constraint, not valid",
        'op.execute("ALTER TABLE orders ADD CONSTRAINT many CHECK (amount > 100) NOT VALID")',
        'op.drop_constraint("many", "orders")', tolerates=()),
    one("some more rows", "op.execute(\"INSERT INTO orders (id, item) VALUES (9001, 'x')\")",
        'op.execute("DELETE FROM orders WHERE id = 9001")', kinds=BOTH, tolerates=()),
    one("nothing at all", "pass", "pass", kinds=BOTH, tolerates=()),
    History("nothing new", versions(), BOTH, tolerates=()),
    History("the very first", versions(), BOTH, since=None, tolerates=()),
    History(
        "two heads that are joined",
        files(
            a=migration("0002", "0001", ADD, DROP),
            b=migration("0003", "0001", "pass", "pass"),
            c=migration("0004", "", "pass", "pass").replace("''", '("0002", "0003")'),
        ),
        POSTGRES, models=EXT, tolerates=(),
    ),
]  # fmt: skip
ALL = [*STATIC, *LOCKS, *DATA, *BACK, *CLEAN]
