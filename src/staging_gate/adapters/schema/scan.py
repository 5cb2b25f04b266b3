"""The static scan: faults of migrations that can be seen without a database, in milliseconds."""

from collections.abc import Iterator, Mapping

from staging_gate.adapters.schema import scripts
from staging_gate.adapters.schema.scripts import Script, Unreadable
from staging_gate.domain.migration import Finding, Severity


def scan(files: Mapping[str, str]) -> list[Finding]:
    """All findings in the texts of a folder of versions, by path (relative to the tree)."""
    found = [scripts.read(path, text) for path, text in sorted(files.items())]
    known = [each for each in found if isinstance(each, Script)]
    unreadable = [each for each in found if isinstance(each, Unreadable)]
    findings = [_unreadable(each) for each in unreadable]
    doubles = list(_twice(known))
    findings += doubles
    if not unreadable and not doubles:  # what can not be read may be the parent, or the one that joins two heads
        findings += [*_lost(known), *_loops(known), *_heads(known)]
    findings += [finding for script in known for finding in _downgrades(script)]
    return sorted(findings, key=lambda each: (each.path, each.line, each.code))


def heads(known: list[Script]) -> list[Script]:
    followed = {down for script in known for down in script.down}
    return [script for script in known if script.revision not in followed]


def _unreadable(broken: Unreadable) -> Finding:
    return Finding(
        "syntax_error" if broken.syntax else "unreadable_revision",
        Severity.ERROR,
        broken.path,
        broken.line,
        broken.problem,
        "Alembic reads every file of the folder before it does anything: with this one no migration runs at all.",
        "Mend the file." if broken.syntax else 'Write `revision = "..."` and `down_revision = "..."` as plain strings.',
    )


def _twice(known: list[Script]) -> Iterator[Finding]:
    first: dict[str, Script] = {}
    for script in known:
        other = first.setdefault(script.revision, script)
        if other is not script:
            yield Finding(
                "duplicate_revision",
                Severity.ERROR,
                script.path,
                script.line("revision"),
                f"revision {script.revision} is {other.path} already",
                "Alembic takes one of the two and never runs the other.",
                "Give this one a revision of its own (`alembic revision` makes one up).",
            )


def _lost(known: list[Script]) -> Iterator[Finding]:
    revisions = {script.revision for script in known}
    for script in known:
        for down in script.down:
            if down not in revisions:
                yield Finding(
                    "lost_parent",
                    Severity.ERROR,
                    script.path,
                    script.line("down_revision"),
                    f"it follows {down}, which is in no file",
                    "Alembic can not order the migrations and runs none.",
                    "Set down_revision to the migration that comes before, or bring the missing file back.",
                )


def _heads(known: list[Script]) -> Iterator[Finding]:
    ends = heads(known)
    for script in ends[1:]:
        others = ", ".join(f"{other.revision} ({other.path})" for other in ends if other is not script)
        yield Finding(
            "several_heads",
            Severity.ERROR,
            script.path,
            script.line("down_revision"),
            f"{len(ends)} heads: {script.revision} beside {others}",
            "`alembic upgrade head` refuses: it can not know which of them comes last.",
            f"Set its down_revision to {ends[0].revision}, or join them with `alembic merge heads`.",
        )


def _loops(known: list[Script]) -> Iterator[Finding]:
    by_revision = {script.revision: script for script in known}
    settled: set[str] = set()
    for script in known:
        path: list[str] = []
        at: str | None = script.revision
        while at in by_revision and at not in settled and at not in path:
            path.append(at)
            at = next(iter(by_revision[at].down), None)
        if at in path:
            yield Finding(
                "loop",
                Severity.ERROR,
                script.path,
                script.line("down_revision"),
                f"it follows itself: {' -> '.join((*path[path.index(at) :], at))}",
                "Alembic can not order the migrations and runs none.",
                "Set down_revision to the migration that was the last before this one.",
            )
        settled.update(path)


def _downgrades(script: Script) -> Iterator[Finding]:
    why = "Without a way back a rollback of the code leaves the new schema under the old code."
    if script.downgrade is None:
        yield Finding(
            "downgrade_missing", Severity.WARNING, script.path, 1, "it has no downgrade", why, "Write downgrade()."
        )
    elif script.upgrade is not None and scripts.does_nothing(script.upgrade):
        return
    elif scripts.does_nothing(script.downgrade):
        yield Finding(
            "downgrade_empty",
            Severity.WARNING,
            script.path,
            script.line("downgrade"),
            "its downgrade does nothing",
            f"{why} And Alembic will believe that the schema is the old one.",
            "Undo in downgrade() what upgrade() does.",
        )
    elif (line := scripts.gives_up(script.downgrade)) is not None:
        yield Finding(
            "downgrade_gives_up",
            Severity.WARNING,
            script.path,
            line,
            "its downgrade only raises an error",
            why,
            "Undo what upgrade() does; where that is impossible, split the change: first add, later remove.",
        )
