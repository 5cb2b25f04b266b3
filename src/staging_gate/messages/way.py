"""Where a change is on its way, as one comment on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.check import Check
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Decision, Reason
from staging_gate.domain.release import Release
from staging_gate.messages.markdown import cut, plain
from staging_gate.messages.notifications import link

STEPS = ("checks", "approvals", "gate", "staging", "release", "production")
NOT_YET = "not yet"


@dataclass(frozen=True)
class Way:
    """`decision` is about merging it, None when it is no longer open. `staging` and `production` are the last
    deployments that brought it there, `release` the one that holds it."""

    change: Change
    checks: tuple[Check, ...]
    approvals: tuple[Approval, ...]
    decision: Decision | None
    staging: Deployment | None
    release: Release | None
    production: Deployment | None


def comment(way: Way, address: str) -> str:
    """Markdown; `address` is that of our pages, empty where it is not known."""
    page = link(address, f"change {way.change.number}")
    said = {
        "checks": _checks(way.checks),
        "approvals": _approvals(way.approvals),
        "gate": _gate(way),
        "staging": _deployment(way.staging, address),
        "release": _release(way.release, address),
        "production": _deployment(way.production, address),
    }
    parts = [f"**Staging Gate: change {way.change.number} on its way**", *_list(said)]
    if way.decision is not None and way.decision.reasons:
        parts += ["", "**What would open the gate**", "", *(_opens(reason) for reason in way.decision.reasons)]
    parts += ["", f"[All of it]({page})"] if page else []
    return cut("\n".join(parts) + "\n")


def _list(said: dict[str, str]) -> list[str]:
    return ["", *(f"- {step}: {said[step]}" for step in STEPS)]


def _checks(checks: Sequence[Check]) -> str:
    return ", ".join(f"{plain(check.name)} {check.verdict}" for check in checks) or NOT_YET


def _approvals(approvals: Sequence[Approval]) -> str:
    return ", ".join(f"{plain(one.by)} as {plain(one.role)}" for one in approvals) or NOT_YET


def _gate(way: Way) -> str:
    if way.change.state is ChangeState.MERGED:
        return f"passed, merged by {plain(way.change.merged_by or 'somebody')}"
    if way.decision is None:
        return "closed without being merged"
    if way.decision.open:
        return "open"
    return f"closed, for {len(way.decision.reasons)} reason{'' if len(way.decision.reasons) == 1 else 's'}"


def _opens(reason: Reason) -> str:
    return f"- {plain(_without_clock(reason))} (`{reason.code}`)\n  - {plain(reason.opens_when)}"


def _without_clock(reason: Reason) -> str:
    """Where time alone closes it, its sentence names the present moment, and the comment is read later."""
    return "The time has not come." if reason.until is not None else reason.sentence


def _deployment(one: Deployment | None, address: str) -> str:
    if one is None:
        return NOT_YET
    page = link(address, one.id)
    why = f": {plain(one.failure)}" if one.failure else ""
    return f"{f'[{one.id}]({page})' if page else one.id} {str(one.state).replace('_', ' ')}{why}"


def _release(one: Release | None, address: str) -> str:
    if one is None:
        return NOT_YET
    page = link(address, one.tag)
    return f"{f'[{plain(one.tag)}]({page})' if page else plain(one.tag)} {one.state}"
