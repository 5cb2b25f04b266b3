"""The one list of rules about migrations: everything that looks at them finds only what is in it, and all of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from staging_gate.adapters.schema import sql_rules
from staging_gate.domain.migration import IN_A_WINDOW, Severity
from staging_gate.domain.migration_rules import CLONES, FILES, RULES, STATEMENTS, table

ROOT = Path(__file__).parents[2]
FINDERS = {"Finding", "_find", "_compare"}
SEVERITIES = {"E": Severity.ERROR, "W": Severity.WARNING, "N": Severity.NOTE, "ERROR": Severity.ERROR}
SEVERITIES |= {"WARNING": Severity.WARNING, "NOTE": Severity.NOTE}


def words(node: ast.expr, names: dict[str, set[str]]) -> set[str]:
    """The texts that an argument can be: a text, one of two, or a name that was given one before."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return words(node.body, names) | words(node.orelse, names)
    return names.get(node.id, set()) if isinstance(node, ast.Name) else set()


def found() -> Iterator[tuple[str, Severity]]:
    """Code and severity of every finding that is written in the adapter's source."""
    for path in sorted((ROOT / "src/staging_gate/adapters/schema").glob("*.py")):
        tree = ast.parse(path.read_text())
        names: dict[str, set[str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.setdefault(node.targets[0].id, set()).update(words(node.value, {}))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in FINDERS:
                yield from _of_call(call.args, names)


def _of_call(arguments: list[ast.expr], names: dict[str, set[str]]) -> Iterator[tuple[str, Severity]]:
    """The severity stands right after the code."""
    for argument, after in zip(arguments, arguments[1:], strict=False):
        said = after.attr if isinstance(after, ast.Attribute) else getattr(after, "id", "")
        for code in words(argument, names) if said in SEVERITIES else ():
            yield code, SEVERITIES[said]


def test_every_finding_has_its_rule_and_its_severity() -> None:
    written = set(found())
    assert {code for code, _ in written} == set(FILES) | set(CLONES), "write it into domain/migration_rules.py"
    assert {code: severity for code, severity in written} == {
        code: rule.severity for code, rule in {**FILES, **CLONES}.items()
    }


def test_every_rule_about_sql_is_there() -> None:
    whole = {code: Severity.WARNING for _, code, _ in sql_rules._WHOLE}
    ours = {code: severity for code, (severity, _) in sql_rules.RULES.items()} | whole
    assert {code: rule.severity for code, rule in STATEMENTS.items()} == ours


def test_what_needs_a_maintenance_is_a_warning_unless_policy_says_more() -> None:
    assert {RULES[code].severity for code in IN_A_WINDOW} == {Severity.WARNING}


def test_the_page_has_them_all() -> None:
    assert table() in (ROOT / "docs/adapters/schema.md").read_text(), "write what `migration_rules.table()` gives"
