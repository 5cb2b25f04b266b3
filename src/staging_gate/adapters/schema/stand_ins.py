"""Databases to try the release before on: as the next release leaves them, and as its downgrades do."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.losses import Downgraded
from staging_gate.adapters.schema.prover import TOOLS, Prover, fill
from staging_gate.domain.way_back import TriedOn
from staging_gate.ports.errors import Refused
from staging_gate.ports.schema_tool import Moved
from staging_gate.ports.way_back import SchemaAt, StandIn


@dataclass(frozen=True)
class SchemaStandIns:
    """Implements `ports.way_back.StandIns`. `prover` knows where clones are made."""

    prover: Prover

    @contextmanager
    def make(self, on: TriedOn, old: SchemaAt, new: SchemaAt | None, address: str, within: float) -> Iterator[StandIn]:
        with ExitStack() as stack:
            databases = stack.enter_context(self.prover.databases(old.site, urlsplit(address).scheme, within))
            base = self.prover.base(databases, old.schema, old.site, within)
            clone = stack.enter_context(databases.clone(base))
            stands = _made_by(old, clone)
            said = tuple(filter(None, [fill(old.site, old.schema, clone)]))
            if new is None or on is TriedOn.OWN:
                yield StandIn(clone, said)
                return
            _upgraded_by(new, clone)
            if on is TriedOn.UPGRADED:
                yield StandIn(clone, said)
            else:
                yield _downgraded_by(new, clone, databases, stands, said)


def _made_by(old: SchemaAt, clone: str) -> str:
    """Where it stands then."""
    with TOOLS[old.schema.tool].open(old.site, old.schema, clone) as tool:
        moved = tool.upgrade()
        if not moved.ok:
            raise Refused(f"The release before can not make a database of its own: {_how(moved)}", moved.error)
        stands = tool.current()
    if len(stands) > 1:
        raise Refused(f"The migrations of the release before end at several revisions: {', '.join(stands)}.")
    return next(iter(stands), "")


def _upgraded_by(new: SchemaAt, clone: str) -> None:
    with TOOLS[new.schema.tool].open(new.site, new.schema, clone) as tool:
        moved = tool.upgrade()
    if not moved.ok:
        raise Refused(f"The migrations of the next release fail on its database: {_how(moved)}", moved.error)


def _downgraded_by(new: SchemaAt, clone: str, databases: Databases, to: str, said: tuple[str, ...]) -> StandIn:
    with databases.clone(clone) as before:
        with TOOLS[new.schema.tool].open(new.site, new.schema, clone) as tool:
            moved = tool.downgrade(to)
        if not moved.ok:
            return StandIn(clone, said, fails=_how(moved))
        return StandIn(clone, said, Downgraded(databases, before, clone).losses())


def _how(moved: Moved) -> str:
    """`0002: NotImplementedError`, from the first line of what it said."""
    first = next((line.strip() for line in moved.error.splitlines() if line.strip()), "it said nothing")
    said = first.rstrip(".:")
    return f"{moved.failed}: {said}" if moved.failed else said
