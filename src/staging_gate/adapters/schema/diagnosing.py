"""Why migrations failed: one function for each cause, by what they said, by their files, and by the real database."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from staging_gate.adapters.schema import partly
from staging_gate.adapters.schema.looking import Seen
from staging_gate.domain.diagnosis import Answer, Cause, Next, Suspect
from staging_gate.domain.migration import Finding, Severity
from staging_gate.ports.databases import Case
from staging_gate.ports.schema_tool import Migration

YES, NO, UNKNOWN = Answer.CONFIRMED, Answer.RULED_OUT, Answer.UNKNOWN

HEADS = re.compile(r"Multiple head revisions|multiple heads", re.IGNORECASE)
LOST = re.compile(r"Can't locate revision identified by '([^']+)'")
DENIED = re.compile(
    r"permission denied for (?P<kind>\w+) (?P<name>[\w.]+)|must be owner of (?P<what>[\w ]+?) (?P<own>[\w.]+)\s*$"
    r"|permission denied to \w+ [^\n]+|readonly database|unable to open database file|PermissionError",
    re.MULTILINE,
)
LOCKED = re.compile(r"due to lock timeout|LockNotAvailable|database (table )?is locked|could not obtain lock")
DEADLOCKED = re.compile(r"deadlock detected")
TOO_LONG = re.compile(r"due to statement timeout|was not done within")
FULL = re.compile(r"No space left on device|could not extend file|DiskFull|database or disk is full|disk I/O error")
AWAY = re.compile(
    r"[Cc]onnection refused|could not translate host name|timeout expired|password authentication failed"
    r'|no pg_hba.conf entry|database "[^"]+" does not exist|role "[^"]+" does not exist|too many (clients|connections)'
    r"|remaining connection slots|the database system is (starting up|shutting down|in recovery mode)"
    r"|server closed the connection|terminating connection|[Nn]ame or service not known"
)
ROWS = re.compile(
    r"contains null values|violates (not-null|unique|foreign key|check) constraint|could not create unique index"
    r"|is violated by some row|(NOT NULL|UNIQUE|FOREIGN KEY|CHECK) constraint failed|value too long for type"
    r"|cannot be cast automatically|invalid input syntax for|Cannot add a NOT NULL column with default value NULL"
)
BROKEN = re.compile(
    r"^(SyntaxError|IndentationError|ModuleNotFoundError|ImportError|NameError|AttributeError|TypeError|KeyError"
    r"|ValueError|NotImplementedError)(: .*)?$",
    re.MULTILINE,
)
FILE = re.compile(r'File "(?P<path>[^"]+\.py)", line (?P<line>\d+)')
SQL = re.compile(r"\[SQL: (?P<sql>.*?)\]\s*(?:$|\n)", re.DOTALL)
LITTLE = 100_000_000
"""Bytes: a disk with less is taken for full."""


@dataclass(frozen=True)
class Signs:
    """What there is to judge by. `history` are the migrations in their order, None where the tool does not tell;
    `applied` how much of the next one is there, None where nobody could find out, and `why_not`; it `runs_on_a_clone`,
    or what it was to do is only guessed."""

    case: Case
    seen: Seen
    findings: tuple[Finding, ...]
    heads: tuple[str, ...] | None
    history: Sequence[Migration] | None
    next: Migration | None = None
    applied: partly.Applied | None = None
    why_not: str = ""
    runs_on_a_clone: bool = True

    @property
    def said(self) -> str:
        return self.case.said.replace(f"{self.case.site.tree}/", "")

    def quoted(self, pattern: re.Pattern[str]) -> tuple[str, ...]:
        """The lines that say it, and the statement that they are about."""
        lines = [line.strip() for line in self.said.splitlines() if pattern.search(line)]
        statement = SQL.search(self.said)
        shown = [" ".join(statement["sql"].split())[:300]] if statement else []
        return tuple(dict.fromkeys(line[:300] for line in [*lines[-2:], *shown]))


def suspects(signs: Signs) -> tuple[Suspect, ...]:
    return tuple(look(signs) for look in LOOKS)


def broken_code(signs: Signs) -> Suspect:
    if bad := _broken_files(signs):
        seen = tuple(f"{one.place}: {one.what}" for one in bad)
        return Suspect(Cause.BROKEN_CODE, YES, f"{bad[0].place}: {bad[0].what}.", seen, (_mend(bad[0].place),))
    found = list(BROKEN.finditer(signs.said))
    if not found:
        return Suspect(Cause.BROKEN_CODE, NO, "The files can be read, and no error of Python was seen.")
    places = [f"{one['path']}:{one['line']}" for one in FILE.finditer(signs.said) if "site-packages" not in one["path"]]
    place = places[-1] if places else signs.case.schema.config
    return Suspect(Cause.BROKEN_CODE, YES, f"The code of a migration broke: {found[-1][0]}", (place,), (_mend(place),))


def several_heads(signs: Signs) -> Suspect:
    if signs.heads is None or _broken_files(signs):
        return Suspect(Cause.SEVERAL_HEADS, UNKNOWN, "Which revisions are the last ones can not be told.")
    heads = sorted(signs.heads)
    if len(heads) < 2:
        return Suspect(Cause.SEVERAL_HEADS, NO, f"There is one last revision: {', '.join(heads) or 'none'}.")
    places = tuple(f"{one.place}: {one.what}" for one in signs.findings if one.code == "several_heads")
    merge = ["alembic", "-c", signs.case.schema.config, "merge", "-m", f"join {' and '.join(heads)}", *heads]
    says = f"There are {len(heads)} last revisions ({', '.join(heads)}), so which to go to is not known."
    do = Next("in a clone of the repository: a migration that joins them, to be shipped like any change",
              shlex.join(merge))  # fmt: skip
    return Suspect(Cause.SEVERAL_HEADS, YES, says, places, (do,))


def unreachable(signs: Signs) -> Suspect:
    problem = signs.seen.problem
    if problem:
        do = Next("whether it runs and lets us in, from this machine", _try_connection(signs))
        return Suspect(Cause.UNREACHABLE, YES, f"The database can not be reached: {problem}", signs.quoted(AWAY), (do,))
    if AWAY.search(signs.said):
        says = "The database could not be reached then; now it can."
        return Suspect(Cause.UNREACHABLE, YES, says, signs.quoted(AWAY), (_again(),))
    return Suspect(Cause.UNREACHABLE, NO, "The database answers.")


def unknown_revision(signs: Signs) -> Suspect:
    known = {one.revision for one in signs.history or ()}
    lost = [one for one in signs.seen.revisions if known and one not in known] or LOST.findall(signs.said)
    if not lost:
        if signs.seen.problem or signs.history is None:
            return Suspect(Cause.UNKNOWN_REVISION, UNKNOWN, "Where the database stands could not be compared.")
        at = ", ".join(signs.seen.revisions) or "before the first migration"
        return Suspect(Cause.UNKNOWN_REVISION, NO, f"The database is at {at}, which is in the files.")
    name = lost[0]
    steps = (
        Next(
            "the commit that had it", shlex.join(["git", "log", "--all", "--oneline", "-S", name, "--", _folder(signs)])
        ),
        Next(
            "its file again, from that commit, to be shipped",
            shlex.join(["git", "checkout", "COMMIT", "--", _folder(signs)]),
        ),
    )
    says = f"The database is at {', '.join(lost)}, and no file has that revision: applied migrations must stay."
    return Suspect(Cause.UNKNOWN_REVISION, YES, says, (f"alembic_version: {', '.join(lost)}",), steps)


def permission(signs: Signs) -> Suspect:
    denied, seen = DENIED.search(signs.said), signs.seen
    foreign = tuple(f"{table} belongs to {owner}" for table, owner in seen.foreign)
    if denied:
        says = f"The account of the service may not do that: {denied[0].strip()}."
        return Suspect(Cause.PERMISSION, YES, says, (*signs.quoted(DENIED), *foreign), _grants(signs, denied))
    if seen.may_create is False:
        says = f"{seen.user} may not create anything in the schema {seen.schema}."
        return Suspect(Cause.PERMISSION, YES if signs.said else UNKNOWN, says, foreign, _grants(signs, None))
    if foreign:
        says = f"{seen.user} may not change every table; whether it had to is not known."
        return Suspect(Cause.PERMISSION, UNKNOWN, says, foreign)
    return Suspect(Cause.PERMISSION, NO, "Nothing was refused for want of a right.")


def lock_timeout(signs: Signs) -> Suspect:
    holders = tuple(map(str, signs.seen.sessions))
    if not LOCKED.search(signs.said):
        return Suspect(Cause.LOCK_TIMEOUT, NO, "No lock was waited for in vain.")
    do: tuple[Next, ...] = (_again(),)
    if signs.seen.kind == "postgres":
        ends = [Next(f"end {one.application} of {one.user}, which loses what it was doing", _terminate(one.pid))
                for one in signs.seen.sessions]  # fmt: skip
        do = (Next("who holds locks now", WHO_HOLDS), *ends, _again())
    says = "Somebody else held a lock for longer than a migration waits for one."
    return Suspect(Cause.LOCK_TIMEOUT, YES, says, (*signs.quoted(LOCKED), *holders), do)


def deadlock(signs: Signs) -> Suspect:
    if not DEADLOCKED.search(signs.said):
        return Suspect(Cause.DEADLOCK, NO, "No deadlock was seen.")
    seen = tuple(line.strip() for line in signs.said.splitlines() if re.search(r"deadlock|waits for", line))[:6]
    says = "A migration and the running service waited for each other; the database ended the migration."
    return Suspect(Cause.DEADLOCK, YES, says, (*seen, *signs.quoted(DEADLOCKED)[1:]), (_again(),))


def time_out(signs: Signs) -> Suspect:
    if not TOO_LONG.search(signs.said):
        return Suspect(Cause.TIME_OUT, NO, "No time ran out.")
    do = Next("less in one migration, or more time: `build_within` of the service, `statement_timeout` of the role",
              "SHOW statement_timeout;")  # fmt: skip
    return Suspect(Cause.TIME_OUT, YES, "A statement took longer than it may.", signs.quoted(TOO_LONG), (do,))


def disk_full(signs: Signs) -> Suspect:
    free = signs.seen.free
    if FULL.search(signs.said):
        where = str(signs.seen.file.parent) if signs.seen.file else "the database's server"
        do = Next(f"how much is left on {where}", f"df -h {signs.seen.file.parent if signs.seen.file else '.'}")
        return Suspect(Cause.DISK_FULL, YES, "The disk of the database is full.", signs.quoted(FULL), (do, _again()))
    if free is not None and free < LITTLE:
        return Suspect(
            Cause.DISK_FULL, YES, f"The disk of the database has {free // 1_000_000} MB left.", (), (_again(),)
        )
    return Suspect(Cause.DISK_FULL, NO, "No full disk was seen.")


def rows(signs: Signs) -> Suspect:
    if not ROWS.search(signs.said):
        return Suspect(Cause.ROWS, NO, "No row was refused.")
    says = "There are rows in the table that the migration does not fit."
    place = f"{signs.next.path}:{signs.next.line}" if signs.next else signs.case.schema.config
    do = Next("bring the rows into shape first, in the migration itself, and ship that", f"# {place}")
    return Suspect(Cause.ROWS, YES, says, signs.quoted(ROWS), (do,))


def partly_applied(signs: Signs) -> Suspect:
    applied, migration = signs.applied, signs.next
    if applied is None or migration is None:
        said = signs.why_not or "Every migration of this revision is applied."
        return Suspect(Cause.PARTLY_APPLIED, UNKNOWN if signs.why_not else NO, said)
    drift = tuple(f"not by a migration: {line}" for line in applied.drift[:10])
    if not applied.there:
        says = f"Nothing of {migration.revision} ({migration.path}) is in the database: it is as it was before."
        return Suspect(Cause.PARTLY_APPLIED, NO, says, drift)
    seen = (*(f"there: {line}" for line in applied.there), *(f"missing: {line}" for line in applied.missing))
    if not applied.missing and signs.runs_on_a_clone:
        says = (
            f"All of {migration.revision} ({migration.path}) is in the database, but alembic_version does not say so."
        )
        return Suspect(Cause.PARTLY_APPLIED, YES, says, (*seen, *drift), (_stamp(signs, migration), _again()))
    says = f"{migration.revision} ({migration.path}) is in the database in part."
    return Suspect(Cause.PARTLY_APPLIED, YES, says, (*seen, *drift), (*partly.undoing(applied.there), _again()))


LOOKS: tuple[Callable[[Signs], Suspect], ...] = (
    broken_code,
    several_heads,
    unreachable,
    unknown_revision,
    permission,
    lock_timeout,
    deadlock,
    time_out,
    disk_full,
    rows,
    partly_applied,
)

WHO_HOLDS = (
    "SELECT a.pid, a.usename, a.application_name, a.state, now() - a.xact_start AS since, l.relation::regclass, l.mode "
    "FROM pg_stat_activity a JOIN pg_locks l USING (pid) WHERE l.granted AND l.relation IS NOT NULL "
    "AND a.datname = current_database() AND a.pid <> pg_backend_pid() ORDER BY a.xact_start;"
)

STAMP = "UPDATE alembic_version SET version_num = {now} WHERE version_num = {was};"
FIRST_STAMP = "INSERT INTO alembic_version (version_num) VALUES ({now});"


def _broken_files(signs: Signs) -> list[Finding]:
    return [one for one in signs.findings if one.severity is Severity.ERROR and one.code != "several_heads"]


def _mend(place: str) -> Next:
    return Next("mend it, and ship that", f"# {place}")


def _again() -> Next:
    return Next("then deploy again", "gate redeploy production --wait")


def _terminate(pid: int) -> str:
    return f"SELECT pg_terminate_backend({pid});"


def _folder(signs: Signs) -> str:
    return signs.history[0].path.rpartition("/")[0] if signs.history else "."


def _stamp(signs: Signs, migration: Migration) -> Next:
    was = [one for one in migration.down if one in signs.seen.revisions]
    now = f"'{migration.revision}'"
    sql = STAMP.format(now=now, was=f"'{was[0]}'") if was else FIRST_STAMP.format(now=now)
    return Next("say that it is applied", sql)


def _try_connection(signs: Signs) -> str:
    if signs.seen.kind == "sqlite":
        return f"ls -l {signs.seen.file}"
    return f'psql "${signs.case.schema.database}" --command="SELECT 1"'


def _grants(signs: Signs, denied: "re.Match[str] | None") -> tuple[Next, ...]:
    seen, account = signs.seen, signs.case.account or "THE_ACCOUNT"
    if seen.kind == "sqlite":
        file = seen.file
        how = f"chown {account} {file} {file.parent}" if file else ""
        return (Next("as root, on this machine: the service's account needs the file and its folder", how), _again())
    user = seen.user or "THE_USER"
    found = [f'ALTER TABLE "{table}" OWNER TO "{user}";' for table, _ in seen.foreign]
    if seen.may_create is False:
        found.append(f'GRANT CREATE ON SCHEMA "{seen.schema}" TO "{user}";')
    if denied and denied["kind"] and denied["kind"] != "schema":
        found.append(f'GRANT ALL ON {denied["kind"].upper()} "{denied["name"]}" TO "{user}";')
    return (*(Next("as an administrator of the database", statement) for statement in found), _again())
