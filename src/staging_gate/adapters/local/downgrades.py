"""Taking a service's database back to the schema of an earlier tree, with the tool and the scripts of the later one."""

import re
from contextlib import ExitStack
from dataclasses import dataclass

from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.commands import last_line
from staging_gate.adapters.local.locks import locked
from staging_gate.adapters.local.migration_commands import to_downgrade, to_tell_heads
from staging_gate.adapters.local.schema import Schemas
from staging_gate.domain.service import Schema
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Refused

_HEAD = re.compile(r"^(\S+) \(head\)", re.MULTILINE)


@dataclass(frozen=True)
class Downgrades:
    schemas: Schemas

    def downgrade(self, back_to: Order, since: Order, log: str) -> str:
        """As `ports.deploy_target.DeployTarget.downgrade_schema` says; under the lock of upgrades."""
        schema, earlier = since.service.schema, back_to.service.schema
        if schema is None or earlier is None:
            return "there is no schema to downgrade"
        builds = self.schemas.builds
        new = builds.find(since.revision.tree, since.service)
        old = builds.find(back_to.revision.tree, back_to.service)
        with ExitStack() as stack:
            stack.enter_context(locked(self.schemas.folder(back_to) / "schema.lock"))
            for build in (new, old):
                stack.enter_context(builds.in_use(build))
            if self.schemas.is_at(back_to, old):
                return "the database has these migrations already"
            return self._run(back_to, since, schema, new, old, log)

    def _run(self, back_to: Order, since: Order, schema: Schema, new: Build, old: Build, log: str) -> str:
        revision = self._end_of(back_to, old, log)
        if self._stands_at(revision, back_to, old, log):
            said = "the database was there already"
        else:
            self.schemas.forget(back_to)
            said = f"down in {self.schemas.run(since, to_downgrade(schema, revision), new, log, 'downgrades'):.1f} s"
        self.schemas.remember(back_to, old, revision)
        return said

    def _end_of(self, order: Order, build: Build, log: str) -> str:
        """The revision that a database of this tree ends at; empty where the tree has no migration."""
        schema = order.service.schema
        assert schema is not None
        if schema.commands:
            return self._noted(order, build)
        found = _HEAD.findall(self.schemas.said(order, to_tell_heads(schema), build, log))
        if len(found) > 1:
            raise Refused(
                f"The migrations of {order.service.name} in {order.revision.short} end at {len(found)} heads "
                f"({', '.join(found)}), so the database can not be taken back to one of them."
            )
        return found[0] if found else ""

    def _stands_at(self, revision: str, order: Order, build: Build, log: str) -> bool:
        """What the database itself says: we may have been killed after the downgrade."""
        schema = order.service.schema
        assert schema is not None
        if schema.commands:
            return last_line(self.schemas.said(order, schema.commands.current, build, log), "") == revision
        return self.schemas.revisions_of(order, build) == list(filter(None, [revision]))

    def _noted(self, order: Order, build: Build) -> str:
        stand = self.schemas.stand(order, build)
        if stand is None:
            raise Refused(
                f"Nobody has noted where the database of {order.service.name} stands with the migrations of "
                f"{order.revision.short}: `schema` needs `files`, and an upgrade to them in {order.environment}."
            )
        return stand
