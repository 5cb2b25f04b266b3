"""Why a service's migrations failed: its build tells what they should have done, its real database what they did."""

from dataclasses import dataclass, replace

from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.launching import known_values, resolved_environ
from staging_gate.adapters.local.layout import a_name
from staging_gate.adapters.local.locks import never
from staging_gate.adapters.local.schema import Schemas
from staging_gate.adapters.local.scratch import Scratch
from staging_gate.adapters.local.secrets import Resolved
from staging_gate.adapters.local.site import LocalSite
from staging_gate.domain.diagnosis import Diagnosis, Next, Suspect
from staging_gate.domain.environment import Environment
from staging_gate.ports.databases import Case, DatabaseKeeper
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.logs import Logs
from staging_gate.wire.commands import Account


@dataclass(frozen=True)
class Diagnoses:
    """`account` is whom builds run as; `keeper` None: nobody can look into databases."""

    scratch: Scratch
    schemas: Schemas
    logs: Logs
    account: Account | None
    keeper: DatabaseKeeper | None

    def diagnose(self, order: Order, said: str) -> Diagnosis:
        schema, log = order.service.schema, f"{order.deployment}/diagnosis-{order.service.name}"
        if schema is None or self.keeper is None:
            return Diagnosis(order.deployment, order.environment, order.service.name)
        build = self.schemas.builds.ensure(order.revision, order.service, log, never)
        resolved = resolved_environ(order, build, self.schemas.folder(order), known_values(order))
        address, _ = self.schemas.database(order, build, resolved)
        name = f"diagnosis-{a_name(order.deployment)}-{a_name(order.service.name)}"
        with self.schemas.builds.in_use(build), self.scratch.folder(name, never) as folder:
            here = replace(order.service, targets={Environment.STAGING: order.target})
            site = LocalSite(build.path, build, folder, here, self.logs, log, self.account, never)
            who = self.schemas.account.name if self.schemas.account else ""
            found = self.keeper.examine(Case(schema, site, address, said, who))
        suspects = tuple(_hidden(one, resolved, build) for one in found)
        return Diagnosis(order.deployment, order.environment, order.service.name, suspects)


def _hidden(suspect: Suspect, resolved: Resolved, build: Build) -> Suspect:
    def hide(text: str) -> str:
        return resolved.hide(text).replace(f"{build.path}/", "")

    steps = tuple(Next(one.why, hide(one.run)) for one in suspect.next)
    return Suspect(suspect.cause, suspect.answer, hide(suspect.says), tuple(map(hide, suspect.evidence)), steps)
