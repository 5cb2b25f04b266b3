"""The kinds of values in a gate.yaml, named as models.py uses them."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from staging_gate.config import calendar_readers, readers
from staging_gate.config.commands import command
from staging_gate.config.kind import Kind
from staging_gate.domain.calendar import WeeklyTime, Window
from staging_gate.domain.environment import Environment
from staging_gate.domain.going_back import Consent
from staging_gate.domain.migration import Severity
from staging_gate.domain.migration_rules import RULES
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import MergeMethod, Provable, Requirement

_TEXT = {"type": "string"}
_FILLED = {"type": "string", "minLength": 1}
_SCALAR = {"type": ["string", "number", "boolean"]}
_WORDS = {"type": "array", "minItems": 1, "items": _SCALAR}
_CRON = {
    "type": "object",
    "properties": {"cron": _FILLED, "for": {**_TEXT, "pattern": f"^{readers.DURATION}$"}},
    "required": ["cron", "for"],
    "additionalProperties": False,
}
_PORTS = [{"type": "integer", "minimum": 1024, "maximum": 65535}, {"enum": [80, 443]}]


def _named(wanted: str, pattern: str, mended: readers.Mend = str.lower) -> Kind:
    return Kind(wanted, readers.matching(pattern, mended), {"type": "string", "pattern": f"^(?:{pattern})$"})


def _one_of(options: type[StrEnum]) -> Kind:
    known = [option.value for option in options]
    reader = readers.choice(options)
    return Kind(f"one of {', '.join(known)}", reader, {"type": "string", "enum": known}, write=str)


_NAME = _named("a name of small letters, digits and dashes, such as `api`", r"[a-z][a-z0-9-]{0,39}", readers.dashed)
_CHECK = _named("a name such as `zebra-smoke`", r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,59}", readers.dashed)
_ROLE = _named("a role such as `tech_lead`", r"[a-z][a-z0-9_]{0,39}", readers.lower_underscored)
_PERSON = _named("a sign-in name such as `ada`", r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,39}", readers.dashed)
_SMOKE = _named("the name of a smoke test such as `login`", r"[A-Za-z][A-Za-z0-9_-]{0,59}", readers.underscored)
_VARIABLE = _named("the name of a variable such as `DATABASE_URL`", readers.VARIABLE, readers.underscored)
_TAGS = _named('a pattern of release tags that begins with v, such as "v*"', r"v[0-9A-Za-z.-]{0,40}\*")
_BRANCH = _named("the name of a branch such as `main`", readers.BRANCH)
_PLACE_OF_CODE = _named(
    "`local`, or a repository at GitHub such as `github:zebra/marketedge`",
    r"local|github:[A-Za-z0-9-]{1,39}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}",
)
_RENDER = _named("the id of a service at Render such as `srv-cu2k4j3qf0us73fbv7u0`", r"(?:srv|crn)-[a-z0-9]{10,40}")
_VERCEL = _named(
    "the id of a project at Vercel such as `prj_XLKmu1DyR1eY7zq8UgeRKbA7yVLA`", r"prj_[A-Za-z0-9]{8,60}", str
)
_TEAM = _named("the id of a team at Vercel such as `team_1a2b3c4d5e6f7g8h9i0j1k2l`", r"team_[A-Za-z0-9]{8,60}", str)
_AT_VERCEL = _named(
    "`production`, `preview`, or the slug of a custom environment such as `qa`", r"[a-z0-9][a-z0-9-]{0,62}"
)
_DOMAIN = _named(
    "a domain such as `shop.example.com`", r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}"
)
_SECRET = Kind(
    "a reference to a secret: env:NAME or file:/full/path",
    readers.address_reference,
    {**_TEXT, "pattern": f"^(?:{readers.REFERENCE})$"},
)
_LINE = Kind("a line of text", readers.one_line, _FILLED)
_URL_PATH = Kind("a path that begins with /, such as `/health`", readers.url_path, {**_TEXT, "pattern": "^/"})
_FILE = Kind("the path of a file in the repository, such as `alembic.ini`", readers.file_in_tree, _FILLED)
_FOLDER = Kind("the path of a folder in the repository, such as `migrations`", readers.folder_in_tree, _FILLED)
_DUMP = Kind(
    "the full path of a dump on the server such as /var/backups/shop.dump, or env:NAME",
    readers.place_of_a_dump,
    {**_TEXT, "pattern": f"^(?:/|env:{readers.VARIABLE}$)"},
)
_TEMPLATE = _named(
    "the name of a database on the server for proofs such as `shop_masked`, or env:NAME", readers.DATABASE
)
_ZONE = Kind("an IANA time zone such as `Europe/London`", readers.time_zone, _TEXT)
_DURATION = Kind(
    "a duration such as 90s, 5m, 24h or 7d",
    readers.duration,
    {**_TEXT, "pattern": f"^{readers.DURATION}$"},
    write=readers.duration_text,
)
_PORT = Kind("a port: 1024 to 65535, 80 or 443", readers.port, {"anyOf": _PORTS})
_COUNT = Kind("a number of people, 1 to 99", readers.count, {"type": "integer", "minimum": 1, "maximum": 99})
_NUMBER = Kind("a number, 1 to 10000", readers.number, {"type": "integer", "minimum": 1, "maximum": 10_000})
_COMMAND = Kind("a command: one line, or a list of words", command, {"anyOf": [_FILLED, _WORDS]}, write=list)
_ENVIRON = Kind("text, or a reference to a secret: env:NAME or file:/full/path", readers.environ_value, _SCALAR)
_ADDRESS = Kind(
    "a reference to an address, which holds secrets: env:NAME or file:/full/path",
    readers.address_reference,
    {**_TEXT, "pattern": f"^(?:{readers.REFERENCE})$"},
)
_EXPECTED = Kind("text, a number, true or false", readers.expected_value, _SCALAR)
_WEEKLY_TIME = Kind(
    "a day and a time such as `wed 17:00`",
    calendar_readers.weekly_time,
    {**_TEXT, "pattern": f"^{calendar_readers.WEEKLY_TIME}$"},
    write=str,
)
_WINDOW = Kind(
    'days and times such as `thu 10:00-16:00`, or {cron: "0 10 * * 4", for: 6h}',
    calendar_readers.window,
    {"anyOf": [{**_TEXT, "pattern": f"^{calendar_readers.WINDOW}$"}, _CRON]},
    write=calendar_readers.window_text,
)
_MOMENT = Kind(
    "a date such as 2026-12-18, or a date and a time such as 2026-12-18 17:00",
    calendar_readers.moment,
    {**_TEXT, "pattern": f"^{calendar_readers.MOMENT}$"},
    write=calendar_readers.moment_text,
)
_DAY = Kind(
    "a day such as 2026-12-31",
    calendar_readers.day,
    {**_TEXT, "pattern": f"^{calendar_readers.DAY_ALONE}$"},
    write=date.isoformat,
)
_MIGRATION_RULE = Kind(
    "a rule of the proof of migrations such as `rows_lost` (docs/adapters/schema.md has them all)",
    readers.known(RULES),
    {**_TEXT, "enum": list(RULES)},
)
_PLACES = Kind(
    "a country or a part of one such as GB or US-CA, or a list of them",
    calendar_readers.places,
    {"anyOf": [_FILLED, {"type": "array", "items": _FILLED}]},
    write=list,
)

Name = Annotated[str, _NAME]
CheckName = Annotated[str, _CHECK]
RoleName = Annotated[str, _ROLE]
PersonName = Annotated[str, _PERSON]
SmokeName = Annotated[str, _SMOKE]
VariableName = Annotated[str, _VARIABLE]
TagPattern = Annotated[str, _TAGS]
Branch = Annotated[str, _BRANCH]
PlaceOfCode = Annotated[str, _PLACE_OF_CODE]
OneLine = Annotated[str, _LINE]
UrlPath = Annotated[str, _URL_PATH]
FileInTree = Annotated[str, _FILE]
FolderInTree = Annotated[str, _FOLDER]
DumpPlace = Annotated[str, _DUMP]
TemplateDatabase = Annotated[str, _TEMPLATE]
TimeZone = Annotated[str, _ZONE]
Duration = Annotated[timedelta, _DURATION]
Port = Annotated[int, _PORT]
RenderService = Annotated[str, _RENDER]
VercelProject = Annotated[str, _VERCEL]
VercelTeam = Annotated[str, _TEAM]
VercelEnvironment = Annotated[str, _AT_VERCEL]
Domain = Annotated[str, _DOMAIN]
SecretReference = Annotated[str, _SECRET]
Count = Annotated[int, _COUNT]
Number = Annotated[int, _NUMBER]
Command = Annotated[tuple[str, ...], _COMMAND]
AddressReference = Annotated[str, _ADDRESS]
EventName = Annotated[Event, _one_of(Event)]
EnvironValue = Annotated[str, _ENVIRON]
ExpectedValue = Annotated[str, _EXPECTED]
Merge = Annotated[MergeMethod, _one_of(MergeMethod)]
Proof = Annotated[Provable, _one_of(Provable)]
Required = Annotated[Requirement, _one_of(Requirement)]
Agreed = Annotated[Consent, _one_of(Consent)]
OnAWeekday = Annotated[WeeklyTime, _WEEKLY_TIME]
OpenAt = Annotated[Window, _WINDOW]
Moment = Annotated[date | datetime, _MOMENT]
Day = Annotated[date, _DAY]
MigrationRuleName = Annotated[str, _MIGRATION_RULE]
Weight = Annotated[Severity, _one_of(Severity)]
FilePattern = Annotated[
    str, Kind("the path of files in the repository, with * for any part of it", readers.file_in_tree, _FILLED)
]
Places = Annotated[tuple[str, ...], _PLACES]
EnvironmentName = Annotated[Environment, _one_of(Environment)]
