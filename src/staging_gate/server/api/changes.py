"""Changes: open, show, approve, merge, try, close."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import Field

from staging_gate.domain.change import ChangeState
from staging_gate.domain.policy import MergeMethod
from staging_gate.queries import changes as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import approving, changes, checking, deciding, merging
from staging_gate.server.api.asked import Asked, Label, Limit, Number
from staging_gate.server.api.house import By, InHouse
from staging_gate.server.api.waiting import until_done

router = APIRouter(prefix="/changes", tags=["changes"])


class NewChange(Asked):
    source: str = Field(max_length=255)
    target: str = Field(max_length=255)
    title: str | None = Field(None, max_length=300)
    description: str = Field("", max_length=65_536)
    labels: list[Label] = Field(default_factory=list, max_length=50)
    reason: str = Field("", max_length=10_000)


class Yes(Asked):
    role: str = Field("review", max_length=64)
    comment: str = Field("", max_length=10_000)
    commit: str | None = Field(None, pattern="^[0-9a-f]{7,64}$")


class Word(Asked):
    note: str = Field("", max_length=10_000)


class Whom(Asked):
    people: list[Label] = Field(min_length=1, max_length=50)


class HowToMerge(Asked):
    method: MergeMethod | None = None
    when_ready: bool = False


class Labels(Asked):
    add: list[Label] = Field(default_factory=list, max_length=50)
    remove: list[Label] = Field(default_factory=list, max_length=50)


@router.get("")
def recent(house: InHouse, by: By, state: ChangeState | None = None, limit: Limit = 50) -> Any:
    with house.ports.store.reading() as tx:
        found = tx.changes.open() if state is ChangeState.OPEN else tx.changes.recent(limit)
    return [plain(change) for change in found if state in (None, change.state)]


@router.post("", status_code=201)
def open_change(house: InHouse, by: By, new: NewChange) -> Any:
    """`reason` is why a hotfix to production is urgent; others have none."""
    opened = changes.open_change(
        house.ports, new.source, new.target, by, new.title, new.description, new.labels, reason=new.reason
    )
    return plain(opened)


@router.get("/{number}")
def show(house: InHouse, by: By, number: Number) -> Any:
    return plain(views.view(house.ports, number, by))


@router.get("/{number}/diff", response_class=PlainTextResponse)
def diff(house: InHouse, by: By, number: Number) -> str:
    return views.diff(house.ports, number)


@router.post("/{number}/approve")
def approve(house: InHouse, by: By, number: Number, yes: Yes) -> Any:
    return plain(changes.approve(house.ports, number, yes.role, by, yes.comment, yes.commit))


@router.post("/{number}/unapprove")
def unapprove(house: InHouse, by: By, number: Number) -> Any:
    return {"withdrawn": changes.withdraw_approval(house.ports, number, by)}


@router.post("/{number}/request")
def request(house: InHouse, by: By, number: Number, whom: Whom) -> Any:
    """Ask people to look at it."""
    return plain(approving.ask(house.ports, number, whom.people, by))


@router.post("/{number}/merge")
def merge(house: InHouse, by: By, number: Number, how: HowToMerge) -> Any:
    """Merge and wait for it. When the branches moved at the last moment the gate says what is missing now. With
    `when_ready` a closed gate does not refuse it: it is merged by itself when the gate opens. A hotfix has its tag
    then, too."""
    begin = merging.merge_when_ready if how.when_ready else merging.merge
    run = begin(house.ports, number, how.method, by)
    if run is None:
        return plain(views.view(house.ports, number, by))
    until_done(house, run)
    change = changes.get(house.ports, number)
    if change.is_open:
        decision = deciding.on_merging(house.ports, change, how.method, by)
        deciding.through(decision)
        raise changes.Unusable(f"Change {number} was not merged: its branches moved at the same moment. Try again.")
    if change.release and change.goes_alone:
        with house.ports.store.reading() as tx:
            publishing = tx.runs.about(change.release)
        for one in publishing:
            until_done(house, one.id)
    return plain(views.view(house.ports, number, by))


@router.post("/{number}/merge/cancel")
def do_not_merge(house: InHouse, by: By, number: Number) -> Any:
    """Take back that it is merged by itself."""
    return plain(merging.do_not_merge(house.ports, number, by))


@router.post("/{number}/tested")
def tested(house: InHouse, by: By, number: Number, word: Word) -> Any:
    return plain(changes.mark_tested(house.ports, number, by, word.note))


@router.post("/{number}/labels")
def label(house: InHouse, by: By, number: Number, labels: Labels) -> Any:
    return plain(changes.label(house.ports, number, labels.add, labels.remove, by))


@router.post("/{number}/recheck")
def recheck(house: InHouse, by: By, number: Number) -> Any:
    change = changes.refresh(house.ports, number) or changes.get(house.ports, number)
    return {"checks": checking.recheck(house.ports, change, by)}


@router.post("/{number}/close")
def close(house: InHouse, by: By, number: Number, word: Word) -> Any:
    return plain(changes.close(house.ports, number, by, word.note))
