"""Severities and exemptions of the proof of migrations: what is taken, and what a person is told who mistyped."""

from datetime import date

import pytest

from staging_gate.config import YamlPolicyReader
from staging_gate.domain.migration import Exemption, Severity
from tests.config.policies import edited
from tests.config.test_broken_files import problems_of

RULE = "a rule of the proof of migrations such as `rows_lost` (docs/adapters/schema.md has them all)"


def proof(text: str) -> str:
    return edited(("unit: {command: pytest -q, within: 5m}", f"unit:\n    proves: migrations\n    {text}"))


def test_severities_and_exemptions_are_read() -> None:
    text = proof(
        "severities: {long_lock: error, ban-drop-column: note}\n"
        "    exempt:\n"
        "      - {rule: rows_lost, path: versions/0007_*.py, reason: not wanted, until: 2026-12-31}\n"
        "      - {rule: rows_lost, path: versions/0008_*.py, reason: not wanted}\n"
    )
    rules = YamlPolicyReader().read(text.encode(), "gate.yaml").checks["unit"].proof
    assert rules.severities == {"long_lock": Severity.ERROR, "ban-drop-column": Severity.NOTE}
    assert rules.exempt == (
        Exemption("rows_lost", "versions/0007_*.py", "not wanted", date(2026, 12, 31)),
        Exemption("rows_lost", "versions/0008_*.py", "not wanted"),
    )


WRONG = {
    "an unknown rule": (
        "severities: {long_locks: error}",
        f'16:18: checks.unit.severities.long_locks: wanted {RULE}, found the text "long_locks"; '
        'did you mean "long_lock"?',
    ),
    "an unknown severity": (
        "severities: {long_lock: warn}",
        '16:29: checks.unit.severities.long_lock: wanted one of error, warning, note, found the text "warn"; '
        'did you mean "warning"?',
    ),
    "an exemption from an unknown rule": (
        "exempt: [{rule: table-rewrite, path: a.py, reason: at night}]",
        f'16:21: checks.unit.exempt[0].rule: wanted {RULE}, found the text "table-rewrite"; '
        'did you mean "table_rewrite"?',
    ),
    "an exemption without a reason": (
        "exempt: [{rule: rows_lost, path: a.py}]",
        "16:14: checks.unit.exempt[0].reason: missing: Why it is meant",
    ),
    "an exemption with an empty reason": (
        'exempt: [{rule: rows_lost, path: a.py, reason: ""}]',
        "16:52: checks.unit.exempt[0].reason: wanted a line of text, found an empty text",
    ),
    "an exemption from everywhere": (
        "exempt: [{rule: rows_lost, reason: at night}]",
        "16:14: checks.unit.exempt[0].path: missing: The files in which it does not count, * stands for any part",
    ),
    "an exemption until an hour": (
        "exempt: [{rule: rows_lost, path: a.py, reason: at night, until: 2026-12-31 12:00}]",
        "16:69: checks.unit.exempt[0].until: wanted a day such as 2026-12-31, "
        'found the text "2026-12-31 12:00"; leave the time out: the whole day counts',
    ),
    "an exemption until no day": (
        "exempt: [{rule: rows_lost, path: a.py, reason: at night, until: 2026-02-30}]",
        "16:69: checks.unit.exempt[0].until: wanted a day such as 2026-12-31, "
        'found the text "2026-02-30"; day is out of range for month',
    ),
    "the same exemption twice": (
        "exempt:\n"
        "      - {rule: rows_lost, path: a.py, reason: at night}\n"
        "      - {rule: rows_lost, path: a.py, reason: by day}",
        "18:9: checks.unit.exempt[1]: this rule is exempted for this path already, on line 17",
    ),
}


@pytest.mark.parametrize(("text", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    assert problems_of(proof(text)) == [problem]


def test_a_command_has_no_findings() -> None:
    text = edited(("within: 5m", "within: 5m, severities: {long_lock: error}"))
    assert problems_of(text) == [
        "14:42: checks.unit.severities: wanted this only where `proves: migrations` stands: "
        "a command has no findings of its own"
    ]
