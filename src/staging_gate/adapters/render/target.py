"""The deploy target `render`: Render builds, proves and switches by itself, so all of it happens in `switch`."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from staging_gate.adapters.render import shapes
from staging_gate.adapters.render.api import RenderApi
from staging_gate.adapters.render.bringing import LINES, Bringing
from staging_gate.adapters.render.examining import Examined, differences, examine, objection
from staging_gate.adapters.render.journal import Asked, Closed, Journal
from staging_gate.adapters.render.shapes import Hosted
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service, Target
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Cancelled, Live, Order, Ready
from staging_gate.ports.errors import OutsideError, Refused, Unavailable
from staging_gate.wire.hosted import HostedTarget, Read, go_on_unless, plain
from staging_gate.wire.patience import NOT_AGAIN_SOON, blameless, patiently


class RenderTarget(HostedTarget[Journal]):
    """Implements `ports.deploy_target.DeployTarget`. Without an `api` no key is set up, and everything says so."""

    provider = "Render"
    migrated_by = "Render's pre-deploy command"

    def __init__(self, api: RenderApi | None, state: Path, clock: Clock, read: Read = plain) -> None:
        super().__init__(Journal, state, clock, read)
        self._given = api
        self._closed = Closed(state / "closed")

    def reachable(self, target: Target) -> str | None:
        if not target.identity:
            return "The target names no service: give `render` one, such as `render: {service: srv-...}`."
        try:
            service = self._glance(target)
            there = self._variables(service.id) if target.environ else {}
        except OutsideError as error:
            return error.message
        said = objection(service, self._closed.has(service.id)), differences(service, target.environ, there, self._read)
        return " ".join(sentence for sentence in said if sentence) or None

    def examine(self, target: Target, repository: str, branch: str) -> list[Examined]:
        """What `gate doctor` says of it. `repository` (as gate.yaml names it) and `branch` are where its code is."""
        if not target.identity:
            return [Examined(False, str(self.reachable(target)))]
        try:
            service = self._api.service(target.identity)
            there = self._api.variables(service.id) if target.environ else {}
        except OutsideError as error:
            return [Examined(False, error.message)]
        return examine(service, self._closed.has(service.id), repository, branch, target, there, self._read)

    def workspaces(self) -> Examined:
        """Whether the key is accepted, and what it is for."""
        try:
            names = self._api.owners()
        except OutsideError as error:
            return Examined(False, error.message)
        return Examined(bool(names), f"the key is for {', '.join(names) or 'no workspace'}")

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        go_on_unless(cancelled)
        return "Render builds it when it is deployed"

    def start(self, order: Order) -> None:
        """Nothing moves yet. A rollback takes what Render has built of this revision."""
        journal = self._journal(order)
        if journal.get(order.deployment) is None:
            journal.put(order.deployment, self._to_bring_back(order))

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        go_on_unless(cancelled)
        return Ready(None, warm=self._started(order).back_to is not None, inferred=True)

    def switch(self, order: Order) -> None:
        self._bring(order, self._started(order))

    def put_back(self, order: Order) -> Ready:
        journal = self._journal(order)
        asked = journal.get(order.deployment) or self._to_bring_back(order)
        with blameless():
            self._bringing(order).call_off_others()
        if asked.live_at and not self._is_live(order, asked):
            # It was live and is no more: what Render made of it then is what it goes back to.
            asked = journal.put(order.deployment, Asked(asked.commit, back_to=asked.deploy))
        return Ready(None, warm=self._bring(order, asked).back_to is not None or bool(asked.live_at), inferred=True)

    def close_route(self, order: Order) -> None:
        id = _identity(order.target)
        self._closed.add(id)
        with blameless():
            patiently(self._clock, self._api.suspend, id)
        self._glances.forget()

    def discard(self, order: Order) -> None:
        asked = self._journal(order).get(order.deployment)
        deploy = self._bringing(order).look_for(asked) if asked else None
        if deploy is not None and deploy.goes_on:
            self._api.cancel(_identity(order.target), deploy.id)

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        found = self._glance(target)
        if found.suspended:
            return Live(None, None, found.address, detail="it is suspended at Render")
        deploy = self._glances.at(f"live {found.id}", lambda: self._api.newest(found.id, status="live"))
        if deploy is None:
            return Live(None, None, found.address, detail="Render has no live deploy of it")
        journal = Journal.of(self._state, environment, service.name)
        ours = journal.deployment_of(deploy.id)
        if ours is None:
            return Live(None, deploy.commit, found.address, detail=f"{deploy} was not made by us")
        asked = journal.get(ours)
        return Live(ours, deploy.commit or (asked.commit if asked else None), found.address)

    def address(self, environment: Environment, service: Service, target: Target) -> str | None:
        return self._glance(target).address

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.live_at is None:
            return None
        service = self._api.service(_identity(order.target))
        return self._api.lines(service.owner, service.id, datetime.fromisoformat(asked.live_at))

    def last_words(self, order: Order, lines: int = LINES) -> str:
        asked = self._journal(order).get(order.deployment)
        return self._bringing(order).last_words(asked, lines) if asked else ""

    # --- what it is made of ----------------------------------------------------------------------------------------

    def _bring(self, order: Order, asked: Asked) -> Asked:
        """Have Render make it live, and wait for that. What was asked for before we were killed is found again."""
        try:
            with blameless():
                service = patiently(self._clock, self._api.service, _identity(order.target))
                self._open(service)
                if service.deploys_itself is not False:
                    patiently(self._clock, self._api.stop_deploying_itself, service.id)
            return self._bringing(order).bring(asked, adopt=order.reuse_warm)
        finally:
            self._glances.forget()

    def _open(self, service: Hosted) -> None:
        """What we have closed ourselves is opened again; what somebody else has suspended is not ours to resume."""
        if not service.suspended:
            return self._closed.remove(service.id)
        if said := objection(service, self._closed.has(service.id)):
            raise Unavailable(said, retry_after=NOT_AGAIN_SOON)
        patiently(self._clock, self._api.resume, service.id)
        self._closed.remove(service.id)

    def _bringing(self, order: Order) -> Bringing:
        id = _identity(order.target)
        return Bringing(self._api, self._clock, self._hints, self._journal(order), order, id)

    def _to_bring_back(self, order: Order) -> Asked:
        """What Render has built of this revision, where that may be taken; else it is built again."""
        commit = order.revision.commit
        return Asked(commit, back_to=self._built(order) if order.reuse_warm else None)

    def _built(self, order: Order) -> str | None:
        """The newest deploy that brought this commit: ours, or by Render's own list, which reaches further back.

        To build it again would run its pre-deploy command, on a database that may be ahead of it.
        """
        commit = order.revision.commit
        if ours := self._journal(order).artifact(commit):
            return ours
        with blameless():
            return patiently(self._clock, self._api.built_of, _identity(order.target), commit)

    def _is_live(self, order: Order, asked: Asked) -> bool:
        with blameless():
            live = patiently(self._clock, self._api.newest, _identity(order.target), "live")
        return live is not None and live.id == asked.deploy

    def _glance(self, target: Target) -> Hosted:
        id = _identity(target)
        return self._glances.at(f"service {id}", lambda: self._api.service(id))

    def _variables(self, id: str) -> dict[str, str]:
        return self._glances.at(f"variables {id}", lambda: self._api.variables(id))

    @property
    def _api(self) -> RenderApi:
        if self._given is None:
            raise Refused("There is no key for Render: set GATE_RENDER_KEY for the server, and start it again.")
        return self._given

    def _started(self, order: Order) -> Asked:
        asked = self._journal(order).get(order.deployment)
        if asked is None:
            name = order.service.name
            raise Unavailable(f"{name} of {order.deployment} was not started, so nothing can be sent there.")
        return asked

    def _about(self, body: object) -> Iterable[str]:
        return shapes.about(body)


def _identity(target: Target) -> str:
    if not target.identity:
        raise Refused("The target names no service: give `render` one, such as `render: {service: srv-...}`.")
    return target.identity
