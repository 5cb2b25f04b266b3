"""Approvals as people read them."""

from collections.abc import Sequence

from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change

DID_NOT_COUNT = "when it was merged it did not count"


def too_late_to_withdraw(change: Change) -> str:
    stop = f"To stop the release: `gate release withdraw {change.release}`." if change.release else "Open a new change."
    return f"Change {change.number} is {change.state}: its approvals have done their part. {stop}"


def given(approval: Approval) -> str:
    return f"{approval.by} approved it as {approval.role}"


def waits_for(role: str, count: int, people: Sequence[str], asked: Sequence[str]) -> str:
    """`people` could approve, `asked` of them were asked to."""
    others = [name for name in people if name not in asked] if len(asked) < count else []
    who = [f"{name} (asked)" for name in asked] + others
    return f"waits for {count} more as {role}: {', '.join(who) or 'somebody whom gate.yaml does not name yet'}"


def not_one_of_us(name: str, people: Sequence[str]) -> str:
    return f"gate.yaml does not name {name!r} among its people: {', '.join(people) or 'nobody yet'}."


def own_change(name: str, number: int) -> str:
    return f"{name} can not be asked about change {number}: the approval of whoever wrote it never counts."


def staging_not_proved(id: str | None) -> str:
    what = f"{id} was not verified" if id else "nothing was deployed there yet"
    return f"There is nothing in staging that can be approved: {what}. `gate status` shows what staging runs."
