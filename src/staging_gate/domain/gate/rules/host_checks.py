"""What the code host itself requires of a branch has passed on the present head. Our own verdict is not waited for."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.check import Verdict
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.pull_request import HostCheck

OPENS = {
    Verdict.FAILED: "Read what it says there, push a fix.",
    Verdict.ERRORED: "It broke and said nothing about the code: run it again there.",
    Verdict.PENDING: "Wait until it has finished there; its result is seen by itself.",
    Verdict.MISSING: "Nothing has reported it for this head: start it there, or take it out of the branch's rules.",
}


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change, heard = facts.change, facts.pull_request
    if change is None or heard is None or heard.pull.head != change.head.commit:
        return None
    lacking = [check for check in heard.pull.required_checks() if check.verdict is not Verdict.PASSED]
    if not lacking:
        return None
    found = {check.verdict for check in lacking}
    worst = next(verdict for verdict in OPENS if verdict in found)
    said = ", ".join(f"{check.name} {check.verdict}" for check in lacking)
    return Reason(
        "host_checks",
        f"What the code host requires for {change.target} has not passed: {said}.",
        OPENS[worst],
        tuple(map(_evidence, lacking)),
    )


def _evidence(check: HostCheck) -> str:
    who = f" by {check.app}" if check.app else ""
    return f"{check.name}{who}: {check.verdict}" + (f" ({check.address})" if check.address else "")
