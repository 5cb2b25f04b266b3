"""The deploy target `vercel`: a candidate is built and proved at its own address, then the domain is led to it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from staging_gate.adapters.vercel import shapes
from staging_gate.adapters.vercel.api import SaidNo, VercelApi, Wish
from staging_gate.adapters.vercel.comparing import (
    NAMES_NO_PROJECT,
    PRODUCTION,
    differences,
    domain_of,
    environment_of,
    missing_secret,
    objections,
)
from staging_gate.adapters.vercel.examining import Examined, examined
from staging_gate.adapters.vercel.health import wait_until_well
from staging_gate.adapters.vercel.journal import Asked, Journal, new_key
from staging_gate.adapters.vercel.shapes import Deployment, Project
from staging_gate.adapters.vercel.switching import Assigning, Promoting, Way
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service, Target
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Cancelled, Live, Order, Ready
from staging_gate.ports.errors import Denied, OutsideError, Refused, Unavailable, Unclear
from staging_gate.wire.hosted import HostedTarget, Read, go_on_unless, plain
from staging_gate.wire.http import Http
from staging_gate.wire.patience import Patience

LOOK_EVERY = 5.0
LISTED_WITHIN = timedelta(seconds=30)
"""How long a deployment whose answer was lost may take to be listed."""
QUEUES_FOR = timedelta(minutes=15)
"""Builds wait for each other, as many as the plan lets run at once; this beside `build_within`."""
CLOCKS_DIFFER_BY = timedelta(hours=1)
NO_LONGER_THERE = (400, 402, 403, 404, 410, 422)
"""What Vercel may say where it can not go back to a deployment (any more): on Hobby, to any but the one before."""


class VercelTarget(HostedTarget[Journal]):
    """Implements `ports.deploy_target.DeployTarget`. Without `http` no token is set up, and everything says so."""

    provider = "Vercel"
    migrated_by = "the build at Vercel"

    def __init__(self, http: Http | None, state: Path, clock: Clock, read: Read = plain) -> None:
        super().__init__(Journal, state, clock, read)
        self._http = http

    def reachable(self, target: Target) -> str | None:
        try:
            project = self._glance(target)
            said = [*objections(target, project), missing_secret(target, self._read)]
            if project.paused:
                said.append(f"{project.name} is paused at Vercel: resume it there.")
            api = self._api(target)
            what = f"variables for {target}"
            said.append(self._glances.at(what, lambda: differences(api, project, target, self._read)))
        except OutsideError as error:
            return error.message
        return " ".join(filter(None, said)) or None

    def examine(self, target: Target) -> Examined:
        """What `gate doctor` shows: as it is now, for whoever has just corrected something there."""
        self._glances.forget()
        return examined(target, self.reachable(target), self.project)

    def project(self, target: Target) -> Project:
        """Raises Refused, Unavailable."""
        return self._api(target).project(_identity(target))

    def build(self, order: Order, log: str, cancelled: Cancelled) -> str:
        go_on_unless(cancelled)
        return "Vercel builds it when it is started"

    def start(self, order: Order) -> None:
        """Have it built, without traffic. A rollback takes what Vercel has built of this revision."""
        asked = self._journal(order).get(order.deployment) or self._begin(order, order.reuse_warm)
        self._built(order, asked)

    def wait_until_ready(self, order: Order, cancelled: Cancelled) -> Ready:
        asked = self._started(order)
        made = self._until_built(order, asked, cancelled)
        if made.address is None:
            return Ready(None, warm=asked.taken, inferred=True)
        bypass = self._read(order.target.settings.get("bypass", "")) or ""
        judgement = wait_until_well(order, made.address, bypass, self._clock, cancelled)
        return Ready(made.address, warm=asked.taken, inferred=judgement.inferred)

    def switch(self, order: Order) -> None:
        self._bring(order, self._started(order))

    def put_back(self, order: Order) -> Ready:
        asked = self._journal(order).get(order.deployment) or self._begin(order, reuse=True)
        return Ready(None, warm=self._bring(order, asked), inferred=True)

    def close_route(self, order: Order) -> None:
        self._way(order.target).close()
        self._glances.forget()

    def discard(self, order: Order) -> None:
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.taken:
            return
        api = self._api(order.target)
        made = api.deployment(asked.id) if asked.id else _listed(api, order, asked)
        if made is not None and made.goes_on:
            api.cancel(made.id)

    def live(self, environment: Environment, service: Service, target: Target) -> Live:
        project, api = self._glance(target), self._api(target)
        domain = _domain(target, project)
        address = f"https://{domain}"
        if project.paused and environment_of(target, project) == PRODUCTION:
            return Live(None, None, address, detail=f"{project.name} is paused at Vercel")
        served = self._glances.at(f"domain {domain}", lambda: api.served_by(domain))
        if served is None:
            return Live(None, None, address, detail=f"{domain} leads to no deployment at Vercel")
        journal = Journal.of(self._state, environment, service.name)
        ours = journal.deployment_of(served)
        made = self._glances.at(f"deployment {served}", lambda: api.deployment(served))
        if ours is None:
            how = f" ({made.made_by})" if made.made_by else ""
            return Live(None, made.commit, address, detail=f"{domain} was not led to {served}{how} by us")
        asked = journal.get(ours)
        return Live(ours, made.commit or (asked.commit if asked else None), address)

    def address(self, environment: Environment, service: Service, target: Target) -> str:
        return f"https://{_domain(target, self._glance(target))}"

    def said_since_live(self, order: Order) -> Iterable[str] | None:
        """Vercel only tells what a deployment says from now on."""
        return None

    def last_words(self, order: Order, lines: int = 50) -> str:
        """Those of its build."""
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.id is None:
            return ""
        return "\n".join(self._api(order.target).last_lines(asked.id, lines))

    # --- what a deployment at Vercel is made of --------------------------------------------------------------------

    def _begin(self, order: Order, reuse: bool) -> Asked:
        commit, now = order.revision.commit, self._clock.now().isoformat()
        built = self._journal(order).built(commit) if reuse else None
        if built is not None and self._is_there(order, built):
            asked = Asked(commit, built.key, now, built.id, taken=True)
        else:
            asked = Asked(commit, new_key(), now)
        return self._journal(order).put(order.deployment, asked)

    def _is_there(self, order: Order, built: Asked) -> bool:
        try:
            return self._patient(order.target).deployment(built.id or "").state == "READY"
        except SaidNo as no:
            if no.status in (404, 410):
                return False
            raise

    def _built(self, order: Order, asked: Asked) -> Asked:
        """Asked for once: what came of an answer that we did not hear is found by our key."""
        if asked.id is not None:
            return asked
        made = _listed(self._patient(order.target), order, asked) or self._ask(order, asked)
        return self._journal(order).put(order.deployment, replace(asked, id=made.id))

    def _ask(self, order: Order, asked: Asked) -> Deployment:
        api = self._patient(order.target)
        project = api.project(_identity(order.target))
        environment = environment_of(order.target, project)
        if environment is None:
            raise Unavailable(" ".join(objections(order.target, project)))
        if environment == PRODUCTION and project.assigns_itself is not False:
            api.stop_assigning(project.id)
        try:
            return api.deploy(Wish(project, environment, asked.commit, asked.key, order.deployment))
        except Unclear as lost:
            until = self._clock.now() + LISTED_WITHIN
            while (made := _listed(api, order, asked)) is None:
                if self._clock.now() >= until:
                    raise lost
                self._clock.pause(LOOK_EVERY)
            return made

    def _until_built(self, order: Order, asked: Asked, cancelled: Cancelled) -> Deployment:
        """A state that we do not know is waited on: it may be a new one on the way. The time for which Vercel is away
        does not count."""
        until = self._clock.now() + order.service.build_within + QUEUES_FOR
        id, api = asked.id or "", self._patient(order.target, cancelled)
        with self._hints.awaiting(id) as woken:
            while True:
                woken.clear()
                go_on_unless(cancelled)
                asked_at = self._clock.now()
                made = api.deployment(id)
                until += self._clock.now() - asked_at
                if made.state == "READY":
                    return made
                self._refuse_unless_it_goes_on(order, made)
                if self._clock.now() >= until:
                    raise Unclear(f"{id} is still {made.state or 'without a state'} at Vercel.", self._words(order))
                self._clock.pause(LOOK_EVERY, woken)

    def _refuse_unless_it_goes_on(self, order: Order, made: Deployment) -> None:
        name, said = order.service.name, f": {made.error.rstrip('.')}" if made.error else ""
        if made.state == "ERROR":
            raise Refused(f"The build of {name} failed at Vercel ({made.id}){said}.", self._words(order) or made.error)
        if made.state == "CANCELED":
            raise Unavailable(f"{made.id} of {name} was cancelled at Vercel{said}.", self._words(order))
        if made.state == "DELETED":
            raise Unavailable(f"{made.id} of {name} was deleted at Vercel.")

    def _words(self, order: Order) -> str:
        """Evidence: it does not hide what it belongs to where it can not be had."""
        try:
            return self.last_words(order)
        except OutsideError as error:
            return error.message

    def _bring(self, order: Order, asked: Asked) -> bool:
        """Lead the domain there. True where it was built before; what can not be gone back to is built again."""
        try:
            return self._led(order, asked)
        finally:
            self._glances.forget()

    def _led(self, order: Order, asked: Asked) -> bool:
        journal, way = self._journal(order), self._way(order.target)

        def note(asked: Asked) -> Asked:
            return journal.put(order.deployment, asked)

        was_there = asked.taken or asked.live_at is not None
        try:
            if not was_there:
                self._until_built(order, asked := self._built(order, asked), lambda: False)
            way.move(asked, was_there, note)
        except SaidNo as no:
            if not was_there or no.status not in NO_LONGER_THERE:
                raise
            asked = self._anew(order, asked)
            was_there = False
            self._way(order.target).move(asked, False, note)
        moved = journal.get(order.deployment) or asked
        note(replace(moved, live_at=moved.live_at or self._clock.now().isoformat()))
        return was_there

    def _anew(self, order: Order, before: Asked) -> Asked:
        """The same commit is built again. What was known stays known where not even that can be asked for."""
        asked = Asked(before.commit, new_key(), self._clock.now().isoformat())
        self._journal(order).put(order.deployment, asked)
        try:
            asked = self._built(order, asked)
        except (SaidNo, Denied):
            self._journal(order).put(order.deployment, before)
            raise
        self._until_built(order, asked, lambda: False)
        return asked

    def _glance(self, target: Target) -> Project:
        id, team = _identity(target), target.settings.get("team", "")
        return self._glances.at(f"project {id} of {team}", lambda: self.project(target))

    def _way(self, target: Target) -> Way:
        api = self._patient(target)
        project = api.project(_identity(target))
        domain = _domain(target, project)
        if environment_of(target, project) == PRODUCTION:
            return Promoting(api, self._clock, self._hints, project, domain)
        return Assigning(api, self._clock, domain)

    def _patient(self, target: Target, cancelled: Cancelled = lambda: False) -> VercelApi:
        """For what has begun: an outage of Vercel ends no deployment."""
        return self._api(target, Patience(self._clock, lambda: go_on_unless(cancelled)))

    def _api(self, target: Target, patience: Patience | None = None) -> VercelApi:
        if self._http is None:
            raise Unavailable("There is no token for Vercel: set GATE_VERCEL_KEY for the server, and start it again.")
        return VercelApi(self._http, target.settings.get("team", ""), patience)

    def _started(self, order: Order) -> Asked:
        asked = self._journal(order).get(order.deployment)
        if asked is None or asked.id is None:
            name = order.service.name
            raise Unavailable(f"{name} of {order.deployment} was not started, so nothing can be sent there.")
        return asked

    def _about(self, body: object) -> Iterable[str]:
        return shapes.about(body)


def _listed(api: VercelApi, order: Order, asked: Asked) -> Deployment | None:
    since = datetime.fromisoformat(asked.asked_at) - CLOCKS_DIFFER_BY
    listed = api.deployments(_identity(order.target), since)
    return next((one for one in listed if one.key == asked.key), None)


def _identity(target: Target) -> str:
    if not target.identity:
        raise Unavailable(NAMES_NO_PROJECT)
    return target.identity


def _domain(target: Target, project: Project) -> str:
    domain = domain_of(target, project)
    if domain is None:
        raise Unavailable(f"{project.name} has no domain that it is reached by: name one in gate.yaml (`domain`).")
    return domain
