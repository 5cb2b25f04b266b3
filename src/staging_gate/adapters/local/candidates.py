"""Candidates: processes beside what is live, each started for one deployment, or for one that is about to come."""

from dataclasses import dataclass, replace
from pathlib import Path

from staging_gate.adapters.local import processes
from staging_gate.adapters.local.builds import Build, Builds
from staging_gate.adapters.local.folders import make_home
from staging_gate.adapters.local.launching import known_values, path_of, program, resolved_environ
from staging_gate.adapters.local.logs import FileLogs
from staging_gate.adapters.local.places import Place, Places
from staging_gate.adapters.local.processes import ProcessSpec
from staging_gate.adapters.local.proxy import Proxy
from staging_gate.ports.deploy_target import Order
from staging_gate.wire.commands import Account


def run_log(deployment: str, service: str) -> str:
    """The log of what runs for a deployment."""
    return f"{deployment}/run-{service}"


def runs(places: Places, place: Place) -> bool:
    """Whether its process runs and is not about to end."""
    return places.process(place.process) is not None and not places.is_retiring(place.process)


@dataclass(frozen=True)
class Candidates:
    """`account` is whom services run as; None is ourselves. Callers hold the lock of the places."""

    builds: Builds
    proxy: Proxy
    logs: FileLogs
    account: Account | None

    def start_anew(self, order: Order, places: Places) -> None:
        self._start(order, places, early=False)

    def start_early(self, order: Order, places: Places) -> None:
        """For a deployment that is not there yet, unless somebody was here before: it, perhaps, in the meantime."""
        if not places.of_commit(order.revision.commit):
            self._start(order, places, early=True)

    def claim(self, order: Order, places: Places) -> bool:
        """Let the deployment have what was started before it was there, where that is just what it would start."""
        for place in places.of_commit(order.revision.commit):
            if place.unclaimed and self._is_what_it_would_start(order, places, place):
                places.put(replace(place, deployment=order.deployment))
                places.forget(place.deployment)
                return True
        return False

    def _is_what_it_would_start(self, order: Order, places: Places, place: Place) -> bool:
        if not runs(places, place):
            return False
        build = self.builds.find(order.revision.tree, order.service)
        process = places.process(place.process)
        return process is not None and process.key == self._spec(order, places, place, build).key

    def _start(self, order: Order, places: Places, early: bool) -> None:
        build = self.builds.find(order.revision.tree, order.service)
        place = places.get(order.deployment)
        if place is None or places.is_retiring(place.process) or places.was_started(place.process):
            place = Place(
                number=place.number if place else places.next_number(),
                deployment=order.deployment,
                commit=order.revision.commit,
                tree=order.revision.tree,
                build=build.key,
                process=places.new_process(order.deployment),
                port=self.proxy.private_port(),
                early=early,
            )
        place = replace(place, build=build.key)
        make_home(_home(places, place), self.account)
        spec = self._spec(order, places, place, build)
        places.put(place)
        processes.start(spec)

    def _spec(self, order: Order, places: Places, place: Place, build: Build) -> ProcessSpec:
        values = {**known_values(order), "PORT": str(place.port)}
        home = _home(places, place)
        setting = f"services.{order.service.name}.run"
        return ProcessSpec(
            name=f"{places.route} {place.process}",
            argv=program(order.service.run, build.path, path_of(build), values, setting),
            cwd=build.path,
            environ=resolved_environ(order, build, home, values).environ,
            log=self.logs.path(run_log(order.deployment, order.service.name)),
            state=places.state(place.process),
            account=self.account,
            keeper=places.route,
            labels={
                "port": str(place.port),
                "deployment": order.deployment,
                "commit": place.commit,
                "stop_within": str(order.service.stop_within.total_seconds()),
            },
        )


def _home(places: Places, place: Place) -> Path:
    return places.home(place.process) / "home"
