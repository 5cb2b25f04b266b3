"""What the code host shows of us, with what it is said about."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from staging_gate.domain.change import ChangeState
from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.gate import Action, Decision, Reason
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.report import Told
from staging_gate.messages import answers, markdown, shown, way
from tests.domain.nouns import AT, CHANGE, EARLIER, approval, checks

PAGE = "https://gate.example"
HOLD = Reason("hold", "dora holds *everything* <b>now</b>, @ada", "`gate lift hold-1`", ("hold-1 by dora",))
WINDOW = Reason("outside_window", "Now, Thu 10:31, is outside the windows.", "It opens on Friday.", (), AT)
CLOSED = Decision(Action.MERGE, "change 7", "anybody who takes part", AT, (HOLD, WINDOW))
OPEN = replace(CLOSED, reasons=())
RAN = tuple(checks(**{"zebra-smoke": Verdict.FAILED}).values())
RELEASE = Release("v1.1.0", "Release v1.1.0 - dark mode", "notes", ReleaseState.VERIFIED, 7, "ada", AT)
BROKE = replace(EARLIER, state=DeploymentState.FAILED, failure="<script> said 500 @all")
MERGED = replace(CHANGE, state=ChangeState.MERGED, merged_by="ben")
FAILING = Told("verdict 7", AT, problem="GitHub can not be reached at github.example.", failing_since=AT)
LACKS = "checks: write is not granted."

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    answers.no_such_environment: [("moon <b>",)],
    answers.no_such_commit: [("a" * 40,)],
    answers.no_policy: [()],
    answers.decided: [(CLOSED, "Europe/London", PAGE), (OPEN, "UTC", "")],
    markdown.plain: [("*a*\n<b> @ada `gate up`",)],
    markdown.cut: [("abcdef", 4), ("abc",)],
    shown.late: [(FAILING,), (replace(FAILING, failing_since=None),)],
    shown.summed_up: [([], ()), ([FAILING] * 5, ()), ([], (LACKS,))],
    shown.what_to_do: [()],
    way.comment: [
        (way.Way(CHANGE, RAN, (), CLOSED, None, None, None), PAGE),
        (way.Way(CHANGE, (), (), OPEN, None, None, None), ""),
        (way.Way(MERGED, (), (approval("ben"),), None, EARLIER, RELEASE, BROKE), PAGE),
        (way.Way(replace(CHANGE, state=ChangeState.CLOSED), (), (), None, None, None, None), PAGE),
    ],
}
