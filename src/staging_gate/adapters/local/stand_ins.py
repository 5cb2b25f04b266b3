"""What a service of the release before is told when it is tried: as in staging, but for its database and its port."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.local.builds import Builds
from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.scratch import Scratch
from staging_gate.adapters.local.secrets import Resolved, missing, resolve
from staging_gate.adapters.local.site import LocalSite
from staging_gate.domain.environment import Environment
from staging_gate.domain.service import Service
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import Refused
from staging_gate.ports.logs import Logs
from staging_gate.ports.way_back import SchemaAt, Side, StandIn, StandIns, WayBackOrder

STAGING = Environment.STAGING


@dataclass(frozen=True)
class Databases:
    """Stand-ins by the address that each has in staging: a sister service that uses one gets the same."""

    by_address: Mapping[str, StandIn]

    def order(self, order: WayBackOrder, service: Service, port: int) -> Order:
        """How the service is started. Raises Refused where a secret is missing."""
        target = service.target(STAGING)
        own = replace(service, environ=self._with_stand_ins(service.environ))
        private = replace(target, port=port, environ=self._with_stand_ins(target.environ))
        return Order(order.key, STAGING, own, private, order.old.revision, order.old.release)

    def hiding(self, services: tuple[Service, ...]) -> Resolved:
        """Takes secrets out of text: those of staging, and the passwords of stand-ins."""
        hidden = {word for one in self.by_address.values() for word in (one.address, urlsplit(one.address).password)}
        for service in services:
            given = {**service.environ, **service.target(STAGING).environ}
            hidden.update(resolve({k: v for k, v in given.items() if not missing({k: v})}).secrets)
        return Resolved({}, tuple(sorted(filter(None, hidden), key=len, reverse=True)))

    def _with_stand_ins(self, environ: Mapping[str, str]) -> dict[str, str]:
        values = resolve(environ).environ
        return {
            name: self.by_address[values[name]].address if values[name] in self.by_address else given
            for name, given in environ.items()
        }


@dataclass(frozen=True)
class Workplace:
    """Where the tools of both releases run, as the account of services: one has been in production, the other was
    proved in staging."""

    scratch: Scratch
    builds: Builds
    logs: Logs
    stand_ins: StandIns | None

    def databases(self, order: WayBackOrder, folder: Path, stack: ExitStack, stop: Cancelled) -> Databases:
        """One for each service of the old release that has a schema, until the stack unwinds."""
        new = {service.name: service for service in order.new.services if service.schema}
        found: dict[str, StandIn] = {}
        within = order.within.total_seconds()
        for service in order.old.services:
            if service.schema is None:
                continue
            if self.stand_ins is None:
                raise Refused("There is nothing here that makes databases to try it on.")
            here = make_folder(folder / "schemas" / service.name)
            old_at, address = self._at(here / "old", order.old, service, order.log, stop)
            if address in found:
                continue
            other = new.get(service.name)
            new_at = self._at(here / "new", order.new, other, order.log, stop)[0] if other else None
            found[address] = stack.enter_context(self.stand_ins.make(order.on, old_at, new_at, address, within))
        return Databases(found)

    def _at(self, folder: Path, side: Side, service: Service, log: str, stop: Cancelled) -> tuple[SchemaAt, str]:
        assert service.schema
        build = self.builds.ensure(side.revision, service, log, stop)
        copy = self.scratch.copy(build, make_folder(folder) / "tree")
        site = LocalSite(copy, build, folder, service, self.logs, log, self.scratch.account, stop)
        return SchemaAt(service.schema, site), site.database
