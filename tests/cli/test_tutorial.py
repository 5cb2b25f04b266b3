"""The tutorial for the team of the runbook: what it says to type on one's own machine, typed."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from staging_gate.cli.main import gate
from tests.cli.test_init import TEAM, lay

PAGE = Path(__file__).parents[2] / "docs/tutorials/from-runbook-to-staging-gate.md"
FILLED = {
    "service: FILL-IN": "service: srv-cu2k4j3qf0us73fbv7u0",
    "domain: FILL-IN": "domain: staging.zebra.associates",
    "people: {}": "people: {tess: tess@zebra.example, maya: maya@zebra.example}",
    "[FILL-IN]": "[tess]",
}
"""What the table of the second chapter asks for."""


def typed(begins: str) -> list[str]:
    """The words after `gate` of the one command of the page that begins so."""
    lines = {
        line.partition("#")[0].strip() for line in re.findall(rf"^gate ({begins}.*)$", PAGE.read_text(), re.MULTILINE)
    }
    assert len(lines) == 1, lines
    return shlex.split(lines.pop())


def test_the_files_of_the_tutorial_are_made_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(lay(tmp_path, TEAM))

    def type_in(begins: str) -> Result:
        return CliRunner().invoke(gate, typed(begins))

    drafted = type_in("init")
    assert (drafted.exit_code, "Still missing, as only you know it:" in drafted.output) == (0, True)
    assert type_in("policy check").exit_code == 2

    policy = Path("gate.yaml")
    for marked, known in FILLED.items():
        policy.write_text(policy.read_text().replace(marked, known))
    assert "gate.yaml is fine: marketedge" in type_in("policy check").output

    assert type_in("workflows --source").exit_code == 0
    assert type_in("workflows --check").exit_code == 0
