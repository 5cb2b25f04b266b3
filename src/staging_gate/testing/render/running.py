"""A Render that really runs what it deploys: it fetches the commit, builds it, migrates, starts it and switches.

Its machinery is the `local` target, on a folder of its own: a service's address is a proxy in front of its processes.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_gate.adapters import local
from staging_gate.adapters.git import GitMirror, Source
from staging_gate.adapters.local.accounts import interpreter_for, service_account
from staging_gate.adapters.local.locks import never
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import OutsideError, Refused
from staging_gate.testing.render.render import Hosted, Made, RenderStandIn

Tell = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Blueprint:
    """What somebody has set up on a service's page at Render: its commands, variables and address are those of
    `service` and of its `local` target in `environment`; its `schema` is the pre-deploy command."""

    environment: Environment
    service: Service

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.service.target(self.environment).port}"

    def order(self, made: Made, revision: Revision) -> Order:
        target = self.service.target(self.environment)
        return Order(made.id, self.environment, self.service, target, revision)


class RunningRender(RenderStandIn):
    """`source` is where the code is fetched from. `tell` is given each event that has a webhook at Render."""

    def __init__(
        self,
        clock: Clock,
        folder: Path,
        source: Source,
        blueprints: Mapping[str, Blueprint],
        tell: Tell = lambda event, body: None,
    ) -> None:
        super().__init__(clock)
        account = service_account()
        self._folder, self._source, self._blueprints, self._tell = folder, source, blueprints, tell
        self._mirror = GitMirror.create(folder / "repository.git")
        self._local = local.connect(
            local.Settings(folder, interpreter_for(account), account), lambda: str(self._mirror.path)
        )
        self._workers = ThreadPoolExecutor(len(blueprints) or 1, thread_name_prefix="render")
        for id, blueprint in blueprints.items():
            host = self.host(id)
            host.variables = {**blueprint.service.environ, **blueprint.service.target(blueprint.environment).environ}

    def __exit__(self, *_: object) -> None:
        """Nothing of it runs any more."""
        super().__exit__()
        self._workers.shutdown(cancel_futures=True)
        self._mirror.close()
        local.stop_all(self._folder)

    def _begin(self, host: Hosted, commit: str, trigger: str, *more: Any) -> Made:
        """As its states really come, and not one for each look."""
        made = super()._begin(host, commit, trigger, *more)
        made.ahead = []
        self._say(host, made, "deploy_started")
        self._workers.submit(self._run, host, made)
        return made

    def _run(self, host: Hosted, made: Made) -> None:
        try:
            self._go_live(host, made)
        except OutsideError as error:
            with self._turn:
                self._note(host, f"==> {error.message}")
                for line in error.evidence.splitlines():
                    self._note(host, line)
                made.status = made.status.replace("in_progress", "failed")
        self._say(host, made, "deploy_ended")

    def _go_live(self, host: Hosted, made: Made) -> None:
        blueprint, target = self._blueprints[host.id], self._local.target
        order = blueprint.order(made, self._revision(made.commit))
        log = f"{made.id}/{blueprint.service.name}"
        made.status = "build_in_progress"
        target.build(order, log, never)
        if made.trigger != "rollback":  # what it brings back has run its pre-deploy command once
            made.status = "pre_deploy_in_progress"
            target.upgrade_schema(order, log)
        made.status = "update_in_progress"
        target.start(order)
        target.wait_until_ready(order, lambda: made.status == "canceled")
        with self._turn:
            if made.status == "canceled":
                target.discard(order)
                return
            target.switch(order)
            made.ahead = ["live"]
            self._step(host, made)
        target.retire(blueprint.environment, blueprint.service, (made.id,))

    def _revision(self, commit: str) -> Revision:
        found = self._mirror.revision(commit)
        if found is None:
            self._mirror.fetch(self._source)
            found = self._mirror.revision(commit)
        if found is None:
            raise Refused(f"There is no commit {commit} in the repository.")
        return found

    def _suspend(self, host: Hosted, *asked: Any) -> Any:
        blueprint = self._blueprints[host.id]
        self._local.proxy.close(f"{blueprint.environment}.{blueprint.service.name}")
        return super()._suspend(host, *asked)

    def _service(self, host: Hosted) -> dict[str, Any]:
        found = super()._service(host)
        details = {**found["serviceDetails"], "url": self._blueprints[host.id].address}
        return {**found, "serviceDetails": details}

    def _note(self, host: Hosted, line: str) -> None:
        host.logs.append((self._clock.now(), line))

    def _say(self, host: Hosted, made: Made, event: str) -> None:
        """https://render.com/docs/webhooks: the state is left to be asked for."""
        status = {"live": "succeeded", "canceled": "canceled"}.get(made.status, "failed")
        data = {"id": f"evt-{made.id}", "serviceId": host.id, "serviceName": host.id.removeprefix("srv-")}
        ended = {"status": status} if event == "deploy_ended" else {}
        self._tell(event, {"type": event, "timestamp": self._clock.now().isoformat(), "data": {**data, **ended}})
