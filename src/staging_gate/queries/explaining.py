"""`gate explain`: the same decision that acting would get, for anything that can be named."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Decision
from staging_gate.domain.release import Release
from staging_gate.messages import explaining as words
from staging_gate.ports import Ports
from staging_gate.queries import going_back
from staging_gate.queries.deployments import timeline
from staging_gate.queries.waiting import waiting
from staging_gate.runbook import bypassing, changes, deciding, redeploying, releasing
from staging_gate.runbook.changes import Unknown, Unusable

Ask = Callable[[], Decision]
BACK = re.compile(r"[1-9]\d{0,2}")


@dataclass(frozen=True)
class Questions:
    """What can be asked about one thing: by action, the usual one first. `kind` is what it is, with its article."""

    kind: str
    asks: Mapping[Action, Ask]


@dataclass(frozen=True)
class QueuePlace:
    """Where something stands that waits to be done. `number` is 1 for what goes next, `ahead` goes before it."""

    number: int
    ahead: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class Explained(Decision):
    """A decision, and where its subject stands if it waits in a queue. Of a rollback, `back` is what it would do."""

    place: QueuePlace | None = None
    back: str | None = None


def explain(
    ports: Ports, subject: str, actor: Actor, action: Action | None = None, role: str = "review", code: str = ""
) -> Decision:
    """`subject` is a change (`12`), a release (`v1.4.0`), a deployment (`production-3`), an environment, or
    `rollback`, `rollback v1.3.0` and `rollback 2` (releases back). Without an action, the one that comes next.

    An approval is asked about in a `role`, a bypass with the `code` of a reason. Raises Unknown; Unusable for an action
    that has nothing to do with the subject.
    """
    found = _questions(ports, subject, actor, role, code)
    ask = found.asks.get(action) if action else next(iter(found.asks.values()))
    if ask is None:
        raise Unusable(words.can_not_be_asked(str(action), subject, found.kind, list(found.asks)))
    return ask()


def explained(ports: Ports, subject: str, actor: Actor, action: Action | None, role: str, code: str) -> Explained:
    """The same with the place in the queue, as faces show it."""
    decision = explain(ports, subject, actor, action, role, code)
    back = going_back.said(ports, *_where_to(subject)) if decision.action is Action.ROLL_BACK else None
    return Explained(**vars(decision), place=place(ports, subject), back=back)


def place(ports: Ports, subject: str) -> QueuePlace | None:
    """Where a change, release or deployment stands in its queue; None for what waits in none."""
    waits = [each.subject for each in waiting(ports)]
    name = f"change {subject.lstrip('#')}" if re.fullmatch(r"#?\d{1,9}", subject) else subject
    if name in waits:
        number = waits.index(name)
        return _place(name, tuple(waits[:number]))
    queued = _queued(ports, subject)
    found = timeline(ports, queued.id) if queued else None
    return _place(found.deployment.id, found.ahead) if found else None


def _place(subject: str, ahead: tuple[str, ...]) -> QueuePlace:
    return QueuePlace(len(ahead) + 1, ahead, words.place(subject, len(ahead) + 1, ahead))


def _queued(ports: Ports, subject: str) -> Deployment | None:
    """The deployment that is named, or that brings what is named, while it waits for its turn."""
    with ports.store.reading() as tx:
        if re.fullmatch(r"#?\d{1,9}", subject):
            known = tx.deployments.of_change(int(subject.lstrip("#")))
        else:
            named = tx.deployments.get(subject)
            known = [named] if named else tx.deployments.of_release(subject)
    return next((each for each in known if each.state is DeploymentState.QUEUED), None)


def _questions(ports: Ports, subject: str, actor: Actor, role: str, code: str) -> Questions:
    if subject.split()[:1] == ["rollback"]:
        return _about_rollback(ports, subject, actor)
    if subject in tuple(Environment):
        return _about_environment(ports, Environment(subject), actor)
    if re.fullmatch(r"#?\d{1,9}", subject):
        return _about_change(ports, changes.get(ports, int(subject.lstrip("#"))), actor, role, code)
    if re.fullmatch(r"(staging|production)-\d{1,9}", subject):
        return _about_deployment(ports, subject, actor, code)
    return _about_release(ports, releasing.get(ports, subject), actor, code)


def _where_to(subject: str) -> tuple[str | None, int | None]:
    """The tag, or how many releases back; neither for the last verified one."""
    first, *rest = subject.split()
    wanted = rest[0] if rest else None
    if first != "rollback":
        return (None if subject in tuple(Environment) else subject), None
    return (None, int(wanted)) if wanted and BACK.fullmatch(wanted) else (wanted, None)


def _about_rollback(ports: Ports, subject: str, actor: Actor) -> Questions:
    name, back = _where_to(subject)
    return Questions("a rollback", {Action.ROLL_BACK: lambda: deciding.on_rolling_back(ports, name, actor, back)[0]})


def _about_environment(ports: Ports, environment: Environment, actor: Actor) -> Questions:
    asks: dict[Action, Ask] = {
        Action.HOLD: lambda: deciding.on_holding(ports, environment, actor),
        Action.LIFT: lambda: deciding.on_lifting(ports, environment, actor),
        Action.DEPLOY: lambda: deciding.on_deploying(ports, redeploying.wanted(ports, environment, actor), actor),
    }
    if environment is Environment.PRODUCTION:
        asks[Action.ROLL_BACK] = lambda: deciding.on_rolling_back(ports, None, actor)[0]
    return Questions("an environment", asks)


def _about_change(ports: Ports, change: Change, actor: Actor, role: str, code: str) -> Questions:
    merging = Action.PROMOTE if change.is_release else Action.MERGE
    return Questions(
        "a change",
        {
            merging: lambda: deciding.on_merging(ports, change, None, actor),
            Action.APPROVE: lambda: deciding.on_approving(ports, change, role, actor),
            Action.BYPASS: lambda: bypassing.on_bypassing(ports, str(change.number), code, actor),
            Action.MERGE_WHEN_READY: lambda: deciding.on_merging_when_ready(ports, change, None, actor),
        },
    )


def _about_release(ports: Ports, release: Release, actor: Actor, code: str) -> Questions:
    asks: dict[Action, Ask] = {
        Action.PUBLISH: lambda: deciding.on_publishing(ports, release, actor),
        Action.PUBLISH_WHEN_READY: lambda: deciding.on_publishing_when_ready(ports, release, actor),
        Action.EDIT: lambda: deciding.on_editing(ports, release, actor),
        Action.WITHDRAW: lambda: deciding.on_withdrawing(ports, release, actor),
        Action.BYPASS: lambda: bypassing.on_bypassing(ports, release.tag, code, actor),
        Action.ROLL_BACK: lambda: deciding.on_rolling_back(ports, release.tag, actor)[0],
    }
    if release.change is not None:
        change = changes.get(ports, release.change)
        asks[Action.PROMOTE] = lambda: deciding.on_merging(ports, change, None, actor)
    if release.revision is not None:
        asks[Action.DEPLOY] = lambda: deciding.on_deploying(ports, _would_be(ports, release, actor), actor)
    return Questions("a release", asks)


def _about_deployment(ports: Ports, id: str, actor: Actor, code: str) -> Questions:
    with ports.store.reading() as tx:
        found = tx.deployments.get(id)
    if found is None:
        raise Unknown(f"There is no deployment {id}. `gate status` shows the recent ones.")
    cancel: dict[Action, Ask] = {Action.CANCEL: lambda: deciding.on_cancelling(ports, found, actor)}
    if found.is_rollback:
        ask = {Action.ROLL_BACK: lambda: deciding.on_rolling_back(ports, found.release, actor)[0]}
        return Questions("a rollback", ask | cancel)
    bypass: dict[Action, Ask] = {Action.BYPASS: lambda: bypassing.on_bypassing(ports, id, code, actor)}
    ask = {Action.DEPLOY: lambda: deciding.on_deploying(ports, found, actor)}
    return Questions("a deployment", ask | cancel | bypass)


def _would_be(ports: Ports, release: Release, actor: Actor) -> Deployment:
    """The deployment that publishing would ask for."""
    assert release.revision is not None
    return Deployment(
        id="",
        environment=Environment.PRODUCTION,
        kind=DeploymentKind.DEPLOY,
        revision=release.revision,
        state=DeploymentState.QUEUED,
        why="",
        requested_by=actor.name,
        requested_at=ports.clock.now(),
        release=release.tag,
        change=release.change,
    )
