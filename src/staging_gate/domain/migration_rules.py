"""Every rule that a finding about migrations can name: its built-in severity and why it hurts. The one list of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from staging_gate.domain.migration import Severity

E, W = Severity.ERROR, Severity.WARNING


@dataclass(frozen=True)
class MigrationRule:
    """`finds` completes "a finding that ..."; `why` is a sentence."""

    severity: Severity
    finds: str
    why: str


_NO_WAY_BACK = "A rollback of the code would leave a schema that nobody proved."
_BLOCKS = "Writers, or everybody, wait while it runs."
_OLD_CODE = "The release before still runs while it is applied, and after a rollback."

FILES: Mapping[str, MigrationRule] = {
    "syntax_error": MigrationRule(E, "a file of migrations is no Python", "No migration runs at all."),
    "unreadable_revision": MigrationRule(E, "a file does not say its revision", "No migration runs at all."),
    "duplicate_revision": MigrationRule(E, "two files have one revision", "One of the two never runs."),
    "lost_parent": MigrationRule(E, "it follows a revision that is in no file", "The migrations have no order."),
    "several_heads": MigrationRule(E, "there is more than one last revision", "Which comes last is not known."),
    "loop": MigrationRule(E, "a migration follows itself", "The migrations have no order."),
    "no_migrations": MigrationRule(E, "what gate.yaml names is not there", "Nothing can be migrated."),
    "downgrade_missing": MigrationRule(W, "it has no downgrade", _NO_WAY_BACK),
    "downgrade_empty": MigrationRule(W, "its downgrade does nothing", _NO_WAY_BACK),
    "downgrade_gives_up": MigrationRule(W, "its downgrade only raises an error", _NO_WAY_BACK),
    "history_rewritten": MigrationRule(E, "production is at a revision that is gone", "It can not be migrated."),
}
"""What is seen in the files alone."""

CLONES: Mapping[str, MigrationRule] = {
    "upgrade_fails": MigrationRule(E, "going up fails", "The deployment would stop half way."),
    "fails_on_data": MigrationRule(E, "going up fails on tables with rows", "The deployment would stop half way."),
    "downgrade_fails": MigrationRule(E, "going down fails", _NO_WAY_BACK),
    "downgrade_differs": MigrationRule(W, "down again, the schema is another than before", _NO_WAY_BACK),
    "upgrade_differs": MigrationRule(E, "down and up again, the schema is another", _NO_WAY_BACK),
    "model_drift": MigrationRule(W, "models and migrations differ", "The code believes in another schema."),
    "rows_lost": MigrationRule(W, "a table has fewer rows afterwards", "No downgrade brings them back."),
    "table_rewrite": MigrationRule(
        W, "a table with rows is written anew", "Nobody reads or writes it meanwhile: done in a maintenance window."
    ),
    "long_lock": MigrationRule(
        W, "a table is closed to writers for long", "Nobody writes to it meanwhile: done in a maintenance window."
    ),
}
"""What happens on clones."""

STATEMENTS: Mapping[str, MigrationRule] = {
    "syntax-error": MigrationRule(E, "a statement is no SQL", "It fails."),
    "adding-required-field": MigrationRule(E, "a NOT NULL column without a default", "It fails on rows."),
    "adding-not-nullable-field": MigrationRule(W, "a column becomes NOT NULL", _BLOCKS),
    "adding-field-with-default": MigrationRule(W, "a column with a volatile default", _BLOCKS),
    "adding-foreign-key-constraint": MigrationRule(W, "a foreign key that is checked at once", _BLOCKS),
    "adding-serial-primary-key-field": MigrationRule(W, "a primary key whose index is built at once", _BLOCKS),
    "ban-create-domain-with-constraint": MigrationRule(W, "a domain with a constraint", _BLOCKS),
    "ban-drop-column": MigrationRule(W, "a column is dropped", _OLD_CODE),
    "ban-drop-database": MigrationRule(E, "a database is dropped", "All of it is lost."),
    "ban-drop-not-null": MigrationRule(W, "a column may be NULL from now on", _OLD_CODE),
    "ban-drop-table": MigrationRule(W, "a table is dropped", _OLD_CODE),
    "ban-truncate-cascade": MigrationRule(E, "tables are emptied with all that refer to them", "Rows are lost."),
    "changing-column-type": MigrationRule(W, "a column changes its type", _BLOCKS),
    "constraint-missing-not-valid": MigrationRule(W, "a constraint that is checked at once", _BLOCKS),
    "disallowed-unique-constraint": MigrationRule(W, "a unique constraint whose index is built at once", _BLOCKS),
    "ban-concurrent-index-creation-in-transaction": MigrationRule(E, "CONCURRENTLY in a transaction", "It fails."),
    "renaming-column": MigrationRule(W, "a column is renamed", _OLD_CODE),
    "renaming-table": MigrationRule(W, "a table is renamed", _OLD_CODE),
    "require-concurrent-index-creation": MigrationRule(W, "an index without CONCURRENTLY", _BLOCKS),
    "require-concurrent-index-deletion": MigrationRule(W, "an index dropped without CONCURRENTLY", _BLOCKS),
    "whole-table-update": MigrationRule(W, "every row of a table is updated", _BLOCKS),
    "whole-table-delete": MigrationRule(W, "every row of a table is deleted", "Rows are lost, and writers wait."),
    "truncate": MigrationRule(W, "a table is emptied", "No downgrade brings its rows back."),
}
"""What is seen in the SQL for Postgres; the names are squawk's where the rule is."""

RULES: Mapping[str, MigrationRule] = {**FILES, **CLONES, **STATEMENTS}


def table() -> str:
    """All of them as a table in Markdown, as docs/adapters/schema.md shows it."""
    lines = ["| Rule | Severity | Finds that | Why it hurts |", "|---|---|---|---|"]
    lines += [f"| `{code}` | {rule.severity} | {rule.finds} | {rule.why} |" for code, rule in RULES.items()]
    return "\n".join(lines) + "\n"
