"""Collects what there is to judge failed migrations by: their files, the real database, and a clone beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.schema import diagnosing, partly
from staging_gate.adapters.schema.databases import Databases
from staging_gate.adapters.schema.diagnosing import Signs
from staging_gate.adapters.schema.looking import Seen, into_postgres, into_sqlite
from staging_gate.adapters.schema.prover import TOOLS, Prover
from staging_gate.domain.diagnosis import Suspect
from staging_gate.domain.migration import Severity
from staging_gate.ports.databases import Case
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.schema_tool import Migration, SchemaSession

WITHIN = 120.0
"""Seconds for a statement on a clone."""


@dataclass(frozen=True)
class Examination:
    prover: Prover

    def of(self, case: Case) -> tuple[Suspect, ...]:
        tool = TOOLS[case.schema.tool]
        findings = tuple(tool.scan(case.site.tree, case.schema))
        heads = tool.heads(case.site.tree, case.schema)
        signs = Signs(case, _look(case.address), findings, heads, None)
        if any(one.severity is Severity.ERROR for one in findings):
            signs = replace(signs, why_not="Its files have to be mended before they can be tried on a clone.")
        else:
            signs = self._compared(signs)
        return diagnosing.suspects(signs)

    def _compared(self, signs: Signs) -> Signs:
        """With what the next migration should have done, tried on a clone."""
        case, scheme = signs.case, urlsplit(signs.case.address).scheme
        try:
            with (
                self.prover.databases(case.site, scheme, WITHIN) as databases,
                databases.clone() as clone,
                TOOLS[case.schema.tool].open(case.site, case.schema, clone) as session,
            ):
                return _tried(signs, databases, clone, session)
        except OutsideError as error:
            return replace(signs, why_not=f"What it should have done could not be tried on a clone: {error.message}")


def _tried(signs: Signs, databases: Databases, clone: str, session: SchemaSession) -> Signs:
    signs = replace(signs, history=(history := session.history()))
    if (why_not := _why_not(signs)) or history is None:
        return replace(signs, why_not=why_not)
    coming = _next(history, signs.seen.revisions)
    if coming is None:
        return signs
    signs = replace(signs, next=coming)
    if not all(session.upgrade(revision).ok for revision in signs.seen.revisions):
        return replace(signs, why_not="The migrations before it do not run on a clone.")
    before = databases.snapshot(clone)
    runs = session.upgrade(coming.revision).ok
    after = databases.snapshot(clone) if runs else None
    text = (signs.case.site.tree / coming.path).read_text(encoding="utf-8", errors="replace")
    applied = partly.compare(before, after, signs.seen.snapshot, text)
    return replace(signs, applied=applied, runs_on_a_clone=runs)


def _look(address: str) -> Seen:
    if urlsplit(address).scheme.startswith("sqlite"):
        return into_sqlite(Path(urlsplit(address).path[1:]))
    return into_postgres(address)


def _why_not(signs: Signs) -> str:
    if signs.history is None:
        return "The tool does not tell its migrations, so what the next one was to do is not known."
    if signs.seen.problem:
        return "The database can not be looked into."
    known = {one.revision for one in signs.history}
    if any(one not in known for one in signs.seen.revisions):
        return "Where the database stands is in no file, so what comes next is not known."
    return ""


def _next(history: Sequence[Migration], at: Sequence[str]) -> Migration | None:
    """The first that is not applied, as the tool would take it."""
    by_revision = {one.revision: one for one in history}
    applied: set[str] = set()
    waiting = list(at)
    while waiting:
        revision = waiting.pop()
        if revision not in applied:
            applied.add(revision)
            waiting += by_revision[revision].down
    return next((one for one in history if one.revision not in applied), None)
