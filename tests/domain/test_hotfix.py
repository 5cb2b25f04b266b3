"""A hotfix: its name, its size, and what the gate says of it besides the reasons."""

from dataclasses import replace

import pytest

from staging_gate.domain.deployment import Verification
from staging_gate.domain.gate import Action, evaluate
from staging_gate.domain.hotfix import HotfixFacts, HotfixSize, is_name, size_of
from tests.domain.hotfixes import HOTFIX, ON_CALL, READY
from tests.domain.nouns import AT, BEN, LIVE, POLICY, STAGING, approval

DIFF = """diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -1,2 +1,3 @@
 kept
-old
+new
+more
"""


def test_a_hotfix_that_staging_has_tried_may_go() -> None:
    assert READY.release
    proved = Verification(STAGING, HOTFIX.head.tree, "staging-3", AT)
    known = replace(READY, release=replace(READY.release, verified=proved, critical_bugs=("login fails",)))

    assert evaluate(POLICY, known, Action.MERGE, BEN, AT).open


def test_who_is_on_call_agrees_too() -> None:
    known = replace(READY, approvals=(approval("ben", "on_call"),))

    assert evaluate(ON_CALL, known, Action.PROVE, BEN, AT).open


@pytest.mark.parametrize("name", ["login", "login-loop", "v1.2_fix", "a", "0", "x" * 64])
def test_names_of_hotfixes(name: str) -> None:
    assert is_name(name)


def test_its_size_is_counted_in_files_lines_and_migrations() -> None:
    files = ["app.py", "migrations/versions/0003_more.py", "versions.txt"]

    assert size_of(DIFF, files, files[1:2]) == HotfixSize(3, 3, ("migrations/versions/0003_more.py",))


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (HotfixSize(10, 200), None),
        (HotfixSize(11, 200), "This hotfix is not small: it changes 11 files, more than 10."),
        (HotfixSize(1, 201), "This hotfix is not small: it has 201 changed lines, more than 200."),
        (HotfixSize(1, 1, ("versions/3.py",)), "This hotfix is not small: it migrates the database."),
        (
            HotfixSize(11, 201, ("versions/3.py",)),
            "This hotfix is not small: it changes 11 files, more than 10, and it has 201 changed lines, more than 200, "
            "and it migrates the database.",
        ),
    ],
)
def test_what_is_large_is_said_and_not_refused(size: HotfixSize, said: str | None) -> None:
    known = replace(READY, hotfix=HotfixFacts(LIVE, from_live=True, size=size))
    decision = evaluate(POLICY, known, Action.MERGE, BEN, AT)

    assert [warning.sentence for warning in decision.warnings] == ([said] if said else [])
    assert "large_hotfix" not in decision.codes
