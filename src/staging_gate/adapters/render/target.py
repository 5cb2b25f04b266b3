"""The deploy target `render`: Render builds, proves and switches by itself, so all of it happens in `switch`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from staging_gate.adapters.render.api import FAILED, Deploy, Hosted, RenderApi
from staging_gate.adapters.render.journal import Asked, Journal
from staging_gate.domain.backup import Backup
from staging_gate.domain.diagnosis import Diagnosis
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service, Target
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Cancelled, Live, Order, Ready
from staging_gate.ports.errors import OutsideError, Refused, Stopped, Unavailable, Unclear

LOOK_EVERY = 5.0
APPEARS_WITHIN = timedelta(minutes=2)
"""How long Render may take to list a deploy that it has only queued."""
STARTS_WITHIN = timedelta(minutes=45)
"""Render's own limits: 30 minutes for the pre-deploy command and 15 for the start, beside the build's."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NO_DATABASE = (
    "Databases of services at Render are not reached from here: Render's pre-deploy command migrates them. "
    "Take `schema` out of the service in gate.yaml, or run it on a `local` target."
)


class RenderTarget:
    """Implements `ports.deploy_target.DeployTarget`. `state` is a folder of ours, `read` gives what a reference to a
    secret leads to. Without an `api` no key is set up, and everything says so."""

    def __init__(
        self, api: RenderApi | None, state: Path, clock: Clock, read: Callable[[str], str | None] = lambda _: None
    ) -> None:
        self._given = api
        self._read = read
        self._state = state
        self._clock = clock

    def reachable(self, target: Target) -> str | None:
        if not target.identity:
            return "The target names no service: give `render` one, such as `render: {service: srv-...}`."
        try:
            service = self._api.service(target.identity)
            if service.suspended:
                return f"{service.name} is suspended at Render: resume it there."
            return self._differences(service, target.environ)
        except OutsideError as error:
            return error.message

    def get_ready(self, orders: Sequence[Order], start: bool) -> None:
        """Render can not build beforehand."""

    def let_go(self, awaited: Collection[str]) -> None:
        """Nothing was started."""

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        _go_on_unless(cancelled)
        return "Render builds it when it is deployed"

    def upgrade_schema(self, order: Order, log: str) -> str:
        return "Render's pre-deploy command does it"

    def downgrade_schema(self, back_to: Order, since: Order, log: str) -> str:
        raise Refused(NO_DATABASE)

    def diagnose_schema(self, order: Order, said: str) -> Diagnosis:
        return Diagnosis(order.deployment, order.environment, order.service.name)

    def back_up(self, order: Order, log: str, at: datetime, within: timedelta, cancelled: Cancelled) -> Backup | None:
        raise Refused(NO_DATABASE)

    def backups_there(self) -> list[tuple[str, str]]:
        return []

    def drop_backup(self, service: str, deployment: str) -> None:
        """There are none."""

    def restoring(self, order: Order, backup: Backup) -> tuple[str, ...]:
        return ()

    def start(self, order: Order) -> None:
        """Nothing moves yet. A rollback takes what Render has built of this revision."""
        journal = self._journal(order)
        if journal.get(order.deployment) is None:
            journal.put(order.deployment, self._to_bring_back(order))

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        _go_on_unless(cancelled)
        return Ready(None, warm=self._started(order).back_to is not None, inferred=True)

    def switch(self, order: Order) -> None:
        self._bring(order, self._started(order))

    def put_back(self, order: Order) -> Ready:
        journal = self._journal(order)
        asked = journal.get(order.deployment) or self._still_live(order) or self._to_bring_back(order)
        if asked.live_at:
            if self._is_live(order, asked):
                self._bring(order, asked)  # it may be suspended
                return Ready(None, warm=True, inferred=True)
            # It was live and is no more: what Render made of it then is what it goes back to.
            asked = journal.put(order.deployment, Asked(asked.commit, back_to=asked.deploy))
        return Ready(None, warm=self._bring(order, asked).back_to is not None, inferred=True)

    def close_route(self, order: Order) -> None:
        self._api.suspend(_identity(order.target))

    def discard(self, order: Order) -> None:
        asked = self._journal(order).get(order.deployment)
        deploy = self._look_for(order, asked) if asked else None
        if deploy is not None and deploy.goes_on:
            self._api.cancel(_identity(order.target), deploy.id)

    def retire(self, environment: Environment, service: Service, keep: tuple[str, ...]) -> None:
        """Render keeps what it has built by its own rules; we only forget which it was."""
        Journal.of(self._state, environment, service.name).keep(set(keep))

    def retire_others(self, environment: Environment, services: tuple[str, ...], keep: tuple[str, ...]) -> None:
        for path in (self._state / environment).glob("*.json"):
            if path.stem not in services and not set(keep) & Journal(path).all().keys():
                path.unlink()

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        found = self._api.service(_identity(target))
        if found.suspended:
            return Live(None, None, found.address, detail="it is suspended at Render")
        deploy = next(self._api.deploys(found.id, status="live"), None)
        if deploy is None:
            return Live(None, None, found.address, detail="Render has no live deploy of it")
        journal = Journal.of(self._state, environment, service.name)
        ours = journal.deployment_of(deploy.id)
        if ours is None:
            stranger = f"{deploy.id} ({deploy.trigger}) was not made by us"
            return Live(None, deploy.commit, found.address, detail=stranger)
        asked = journal.get(ours)
        return Live(ours, deploy.commit or (asked.commit if asked else None), found.address)

    def address(self, environment: Environment, service: Service, target: Target) -> str:
        found = self._api.service(_identity(target))
        if found.address is None:
            raise Refused(f"{found.name} has no public address at Render, so it can not be proved through one.")
        return found.address

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.live_at is None:
            return None
        service = self._api.service(_identity(order.target))
        return self._api.lines(service.owner, service.id, datetime.fromisoformat(asked.live_at))

    def last_words(self, order: Order, lines: int = 50) -> str:
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.asked_at is None:
            return ""
        service = self._api.service(_identity(order.target))
        since = datetime.fromisoformat(asked.asked_at)
        return "\n".join(self._api.last_lines(service.owner, service.id, since, lines))

    # --- what a deployment at Render is made of --------------------------------------------------------------------

    def _bring(self, order: Order, asked: Asked) -> Asked:
        """Have Render make it live, and wait for that. Looks first for what we asked for before we were killed."""
        service = self._api.service(_identity(order.target))
        if service.suspended:
            self._api.resume(service.id)
        if service.deploys_itself is not False:
            self._api.stop_deploying_itself(service.id)
        deploy = self._listed_by(order, asked, _last_moment(asked))
        if deploy is None:
            asked, deploy = self._ask(order, asked)
        asked = self._journal(order).put(order.deployment, replace(asked, deploy=deploy.id))
        self._wait_until_live(order, deploy)
        return self._journal(order).put(
            order.deployment, replace(asked, live_at=asked.live_at or self._clock.now().isoformat())
        )

    def _ask(self, order: Order, asked: Asked) -> tuple[Asked, Deploy]:
        service = _identity(order.target)
        newest = next(self._api.deploys(service), None)
        moment = self._clock.now().isoformat()
        asked = replace(asked, after=newest.id if newest else "", asked_at=moment)
        self._journal(order).put(order.deployment, asked)
        try:
            if asked.back_to:
                made = self._api.roll_back(service, asked.back_to)
            else:
                made = self._api.deploy(service, asked.commit)
        except Unclear:
            made = None
        except Refused:
            if asked.back_to is None:
                raise
            # What it had built is gone: it builds the same commit again.
            return self._ask(order, replace(asked, back_to=None))
        made = made or self._listed_by(order, asked, self._clock.now() + APPEARS_WITHIN)
        if made is None:
            raise Unclear(
                f"Render does not list a deploy of {order.revision.short}, so it is not known whether it was begun. "
                "Look at the service's page at Render."
            )
        return asked, made

    def _look_for(self, order: Order, asked: Asked) -> Deploy | None:
        """What Render made of it; None where we have not asked, or it has not come of it."""
        service = _identity(order.target)
        if asked.deploy:
            return self._api.find(service, asked.deploy)
        if asked.after is None:
            return None
        trigger = "rollback" if asked.back_to else "api"
        found = None
        for deploy in self._api.deploys(service):
            if deploy.id == asked.after:
                break
            if deploy.trigger == trigger and deploy.commit in (None, asked.commit):
                found = deploy
        return found

    def _listed_by(self, order: Order, asked: Asked, until: datetime) -> Deploy | None:
        """Render may only queue a deploy, and list it later."""
        while (deploy := self._look_for(order, asked)) is None and self._clock.now() < until:
            self._clock.pause(LOOK_EVERY)
        return deploy

    def _wait_until_live(self, order: Order, deploy: Deploy) -> None:
        until = self._clock.now() + order.service.build_within + STARTS_WITHIN
        while deploy.status != "live":
            self._refuse_unless_it_goes_on(order, deploy)
            if self._clock.now() >= until:
                state = deploy.status or "without a state"
                raise Unclear(f"{deploy.id} is still {state} at Render.", self.last_words(order))
            self._clock.pause(LOOK_EVERY)
            deploy = self._api.find(_identity(order.target), deploy.id)

    def _refuse_unless_it_goes_on(self, order: Order, deploy: Deploy) -> None:
        """A state that we do not know is waited on: it may be a new one on the way."""
        name = order.service.name
        if deploy.status in FAILED:
            what = deploy.status.removesuffix("_failed").replace("_", "-")
            raise Refused(f"The {what} of {name} failed at Render ({deploy.id}).", self.last_words(order))
        if deploy.status == "canceled":
            raise Unavailable(
                f"Render cancelled {deploy.id} of {name}: somebody did that there, or a newer deploy came first.",
                self.last_words(order),
            )
        if deploy.status == "deactivated":
            raise Unavailable(f"{deploy.id} of {name} was replaced by a newer deploy at Render, which is not ours.")

    def _to_bring_back(self, order: Order) -> Asked:
        """What Render has built of this revision, where that may be taken; else it is built again."""
        commit = order.revision.commit
        return Asked(commit, back_to=self._journal(order).artifact(commit) if order.reuse_warm else None)

    def _still_live(self, order: Order) -> Asked | None:
        """What failed never got the traffic: then there is nothing to bring back."""
        journal = self._journal(order)
        live = next(self._api.deploys(_identity(order.target), status="live"), None)
        ours = journal.get(journal.deployment_of(live.id) or "") if live else None
        if ours is None or ours.live_at is None or ours.commit != order.revision.commit or not order.reuse_warm:
            return None
        return journal.put(order.deployment, ours)

    def _is_live(self, order: Order, asked: Asked) -> bool:
        live = next(self._api.deploys(_identity(order.target), status="live"), None)
        return live is not None and live.id == asked.deploy

    @property
    def _api(self) -> RenderApi:
        if self._given is None:
            raise Refused("There is no key for Render: set GATE_RENDER_KEY for the server, and start it again.")
        return self._given

    def _differences(self, service: Hosted, declared: Mapping[str, str]) -> str | None:
        """Variables that gate.yaml declares and Render has not, or has otherwise. Values are secrets: never said."""
        if not declared:
            return None
        there = self._api.variables(service.id)
        lacks = [name for name in declared if name not in there]
        wanted = {name: self._read(value) or value for name, value in declared.items()}
        differs = [name for name, value in wanted.items() if name in there and there[name] != value]
        said = [f"{name} is not set" for name in lacks] + [f"{name} has another value" for name in differs]
        return f"The environment of {service.name} at Render: {', '.join(said)}. Set it there." if said else None

    def _started(self, order: Order) -> Asked:
        asked = self._journal(order).get(order.deployment)
        if asked is None:
            name = order.service.name
            raise Unavailable(f"{name} of {order.deployment} was not started, so nothing can be sent there.")
        return asked

    def _journal(self, order: Order) -> Journal:
        return Journal.of(self._state, order.environment, order.service.name)


def _last_moment(asked: Asked) -> datetime:
    """Until when a deploy that we asked for may still be listed; long ago where we have not asked."""
    return datetime.fromisoformat(asked.asked_at) + APPEARS_WITHIN if asked.asked_at else LONG_AGO


def _identity(target: Target) -> str:
    if not target.identity:
        raise Refused("The target names no service: give `render` one, such as `render: {service: srv-...}`.")
    return target.identity


def _go_on_unless(cancelled: Cancelled) -> None:
    if cancelled():
        raise Stopped("It was stopped: nobody waits for it any more.")
