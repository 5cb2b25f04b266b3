"""What must hold between the parts of a policy. Rules look at the tree, so they speak where other parts are wrong."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime

from staging_gate.config.calendar_readers import edge, moment, moment_text
from staging_gate.config.kind import Unfit, did_you_mean
from staging_gate.config.tree import ANY, EACH, Path, Plain, Problem, Tree, Value, quoted, shown_path
from staging_gate.config.vercel_rules import VERCEL_RULES
from staging_gate.domain.assigning import assign

REVIEW = "review"
"""The one role that needs no people of its own: anybody but the author."""

_MOST_NAMES = 200
_SERVICES_ENVIRON = (("services", ANY, "environ"), ("services", ANY, "targets", ANY, ANY, "environ"))
_PROVIDERS = ("local", "render", "vercel")
_GIVEN = ("PORT", "ENVIRONMENT", "REVISION", "RELEASE")


def broken_rules(tree: Tree) -> Iterator[Problem]:
    for rule in _RULES:
        yield from rule(tree)


def _every_check_has_a_command(tree: Tree) -> Iterator[Problem]:
    known = tree.names("checks")
    for path, name in _texts(tree, "flow", ANY, "checks", EACH):
        if name not in known:
            yield tree.problem(path, f"wanted a check that `checks` has a command for; {_known(name, known)}")


def _a_check_has_a_command_or_a_proof(tree: Tree) -> Iterator[Problem]:
    for name in tree.names("checks"):
        given = [key for key in ("command", "proves") if ("checks", name, key) in tree.values]
        if len(given) != 1:
            found = "found both" if given else "found neither"
            yield tree.key_problem(("checks", name), f"wanted `command`, or `proves: migrations`; {found}")


def _only_a_proof_has_findings(tree: Tree) -> Iterator[Problem]:
    for name in tree.names("checks"):
        for key in ("severities", "exempt"):
            if ("checks", name, key) in tree.values and ("checks", name, "proves") not in tree.values:
                text = "wanted this only where `proves: migrations` stands: a command has no findings of its own"
                yield tree.key_problem(("checks", name, key), text)


def _exemptions_differ(tree: Tree) -> Iterator[Problem]:
    seen: dict[tuple[str, Value, Value], Path] = {}
    for path, given in tree.find("checks", ANY, "exempt", EACH):
        if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in ("rule", "path")):
            continue
        which = (str(path[1]), str(given["rule"]), str(given["path"]))
        if which in seen:
            yield tree.problem(
                path, f"this rule is exempted for this path already, on line {tree.values[seen[which]][0]}"
            )
        seen.setdefault(which, path)


def _every_command_is_asked_for(tree: Tree) -> Iterator[Problem]:
    asked = {name for _, name in _texts(tree, "flow", ANY, "checks", EACH)}
    for name in tree.names("checks"):
        if name not in asked:
            text = "no branch asks for this check; add it to flow.staging.checks or remove it"
            yield tree.key_problem(("checks", name), text)


def _nothing_is_named_twice(tree: Tree) -> Iterator[Problem]:
    lists: list[tuple[str, ...]] = [("flow", ANY, key) for key in ("checks", "merge", "requires", "smoke")]
    lists += [("roles", ANY), ("calendar", "freezes", EACH, "environments"), ("notify", "events", ANY)]
    for pattern in lists:
        seen: set[tuple[Path, str]] = set()
        for path, item in _texts(tree, *pattern, EACH):
            if (path[:-1], item) in seen:
                yield tree.problem(path, f"{quoted(item)} is there twice")
            seen.add((path[:-1], item))


def _ports_are_unique(tree: Tree) -> Iterator[Problem]:
    first: dict[int, Path] = {}
    for path, value in tree.find("services", ANY, "targets", ANY, "local", "port"):
        port = value.whole if isinstance(value, Plain) else None
        if port in first:
            owner = first[port]
            text = f"port {port} is taken by {shown_path(owner[1:4:2])} (line {tree.values[owner][0]}); wanted its own"
            yield tree.problem(path, text)
        elif port is not None:
            first[port] = path


def _roles_name_people(tree: Tree) -> Iterator[Problem]:
    people = tree.names("people")
    if "roles" in tree.names() and REVIEW in tree.names("roles"):
        text = "this role is built in: anybody but the author may review; give yours another name"
        yield tree.key_problem(("roles", REVIEW), text)
    for path, name in _texts(tree, "roles", ANY, EACH):
        if name not in people:
            yield tree.problem(path, f"wanted somebody from `people`; {_known(name, people)}")


def _approvals_can_be_given(tree: Tree) -> Iterator[Problem]:
    roles = [*tree.names("roles"), REVIEW]
    for path, value in tree.find("flow", ANY, "approvals", ANY):
        role = str(path[-1])
        if role not in roles:
            yield tree.key_problem(path, f"wanted a role from `roles`, or `{REVIEW}`; {_known(role, roles)}")
        elif isinstance(value, Plain) and value.whole is not None:
            yield from _enough_people(tree, path, value.whole)


def _enough_people(tree: Tree, path: Path, asked: int) -> Iterator[Problem]:
    role = str(path[-1])
    if role == REVIEW:
        able = max(len(tree.names("people")) - 1, 0)
        who = f"{able} of `people` could, as the author never counts"
    else:
        able = len({name for _, name in _texts(tree, "roles", role, EACH)})
        who = f"the role has {able}"
    if asked > able:
        yield tree.problem(path, f"asks for {asked} people, but {who}; add people or ask for fewer")


def _approvals_come_from_different_people(tree: Tree) -> Iterator[Problem]:
    """Where each role alone has enough people, but not all of them together: one person counts once."""
    able = {role: [name for _, name in _texts(tree, "roles", role, EACH)] for role in tree.names("roles")}
    able[REVIEW] = tree.names("people")
    for path, _ in tree.find("flow", ANY, "approvals"):
        counts = ((str(each[-1]), value) for each, value in tree.find(*map(str, path), ANY))
        asked = {role: value.whole or 0 for role, value in counts if isinstance(value, Plain)}
        places = [role for role, number in asked.items() for _ in range(number)]
        if len(places) > _MOST_NAMES:
            yield tree.problem(path, f"asks for {len(places)} people; wanted {_MOST_NAMES} at most")
        elif all(number <= len(able.get(role, ())) for role, number in asked.items()):
            # Who has as many to choose from as there are places, is always found; so more names decide nothing.
            found = len(assign(places, {role: names[: len(places)] for role, names in able.items()}))
            if found < len(places):
                text = f"asks for {len(places)} different people, but the roles have {found}; one person counts once"
                yield tree.problem(path, text)


def _branches_differ(tree: Tree) -> Iterator[Problem]:
    staging, production = (_text(tree, "flow", lane, "branch") for lane in ("staging", "production"))
    if staging and staging == production:
        text = f"wanted another branch than flow.staging.branch, found {quoted(staging)} in both"
        yield tree.problem(("flow", "production", "branch"), text)


def _rules_are_on_main(tree: Tree) -> Iterator[Problem]:
    branch = _text(tree, "flow", "production", "branch")
    if branch and branch not in ("main", _text(tree, "flow", "staging", "branch")):
        text = f"wanted main, because the gate.yaml in force is main's; found {quoted(branch)}"
        yield tree.problem(("flow", "production", "branch"), text)


def _somebody_is_tech_lead(tree: Tree) -> Iterator[Problem]:
    if "roles" in tree.names() and not list(_texts(tree, "roles", "tech_lead", EACH)):
        text = "wanted at least one tech_lead: a change to how services are run or proved needs one who agrees"
        yield tree.key_problem(("roles",), text)


def _releases_come_from_staging(tree: Tree) -> Iterator[Problem]:
    source, branch = _text(tree, "flow", "production", "from"), _text(tree, "flow", "staging", "branch")
    if source and branch and source not in ("staging", branch):
        text = f"wanted staging: only what staging has proved goes on; found {quoted(source)}"
        yield tree.problem(("flow", "production", "from"), text)


def _releases_keep_their_commits(tree: Tree) -> Iterator[Problem]:
    for path, method in _texts(tree, "flow", "production", "merge", EACH):
        if method == "squash":
            yield tree.problem(path, "wanted merge alone: a squashed release loses the commits that it carries")


def _lists_of_methods_are_filled(tree: Tree) -> Iterator[Problem]:
    for path, methods in tree.find("flow", ANY, "merge"):
        if methods == []:
            yield tree.problem(path, "wanted at least one way to merge, found none; leave the key out for the default")


def _secrets_are_references(tree: Tree) -> Iterator[Problem]:
    for pattern in (*_SERVICES_ENVIRON, ("checks", ANY, "environ")):
        for path, value in tree.find(*pattern, ANY):
            if _holds_a_secret(str(path[-1]), value):
                text = "this looks like a secret: write a reference (env:NAME or file:/full/path), not the value"
                yield tree.problem(path, text)


def _given_variables_stay(tree: Tree) -> Iterator[Problem]:
    for pattern in _SERVICES_ENVIRON:
        for path, _ in tree.find(*pattern, ANY):
            if path[-1] in _GIVEN:
                yield tree.key_problem(path, f"each service is given {', '.join(_GIVEN)} by its deployment; remove it")


def _schemas_have_one_tool(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find("services", ANY, "schema"):
        given = [key for key in ("alembic", "commands") if (*path, key) in tree.values]
        if len(given) != 1:
            found = "found both" if given else "found neither"
            yield tree.key_problem(path, f"wanted `alembic`, or `commands` for another tool; {found}")
        if "alembic" in given and (*path, "files") in tree.keys:
            text = "this is for `commands` alone: alembic.ini says where Alembic's migrations are; remove it"
            yield tree.key_problem((*path, "files"), text)
        if (*path, "dump") in tree.keys and (*path, "template") in tree.keys:
            yield tree.key_problem((*path, "template"), "wanted `dump` or `template`, found both; keep one")


def _targets_have_one_provider(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find("services", ANY, "targets", ANY):
        given = [key for key in tree.names(*map(str, path)) if key in _PROVIDERS]
        if len(given) > 1 or not tree.names(*map(str, path)):  # any other key is told of already
            found = f"found {' and '.join(given)}" if given else "found none"
            yield tree.key_problem(path, f"wanted `local`, `render` or `vercel`, where it runs; {found}")


def _what_runs_at_render_has_no_schema_here(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find("services", ANY, "schema"):
        if list(tree.find(*map(str, path[:-1]), "targets", ANY, "render")):
            text = "Render's pre-deploy command migrates a database there; remove this, or run the service on `local`"
            yield tree.key_problem(path, text)


def _downgrades_say_where_to(tree: Tree) -> Iterator[Problem]:
    for path, value in tree.find("services", ANY, "schema", "commands", "downgrade"):
        if "$REVISION" not in str(value) and "${REVISION}" not in str(value):
            text = "wanted $REVISION in it, the revision to go back to, as `current` printed it"
            yield tree.problem(path, text)


def _schemas_know_their_database(tree: Tree) -> Iterator[Problem]:
    for path, name in _texts(tree, "services", ANY, "schema", "database"):
        service = str(path[1])
        common = tree.names("services", service, "environ")
        targets = tree.names("services", service, "targets")
        own = {each: tree.names("services", service, "targets", each, ANY, "environ") for each in targets}
        lacking = [target for target in targets if name not in (*common, *own[target])]
        if lacking:
            text = (
                f"wanted a variable that is set in all environments; add {quoted(name)} to {_listed(lacking, ' and ')}"
            )
            yield tree.problem(path, text)


def _smoke_tests_have_a_command(tree: Tree) -> Iterator[Problem]:
    named = next(_texts(tree, "flow", "production", "smoke", EACH), None)
    if named and not list(tree.find("services", ANY, "smoke")):
        text = "names smoke tests, but no service has a `smoke` command to run them"
        yield tree.problem(("flow", "production", "smoke"), text)


def _lists_of_the_calendar_are_filled(tree: Tree) -> Iterator[Problem]:
    for path, windows in tree.find("calendar", "production_windows"):
        if windows == []:
            yield tree.problem(path, "wanted at least one window, found none; leave the key out to be open always")
    for path, environments in tree.find("calendar", "freezes", EACH, "environments"):
        if environments == []:
            yield tree.problem(path, "wanted at least one environment, found none; leave the key out for production")


def _freezes_end_after_they_begin(tree: Tree) -> Iterator[Problem]:
    for path, freeze in tree.find("calendar", "freezes", EACH):
        begins, ends = (_moment(freeze, key) for key in ("from", "until"))
        if begins and ends and edge(ends, ends=True) <= edge(begins):
            text = f"wanted an end after {moment_text(begins)}, where it begins; found {moment_text(ends)}"
            yield tree.problem((*path, "until"), text)


def _who_is_told_is_known(tree: Tree) -> Iterator[Problem]:
    people, channels = tree.names("people"), tree.names("notify", "channels")
    for name in tree.names("notify", "people"):
        if name not in people:
            yield tree.key_problem(("notify", "people", name), f"wanted somebody from `people`; {_known(name, people)}")
    for name in tree.names("notify", "events"):
        if name not in channels:
            text = f"wanted a channel that `notify.channels` has an address of; {_known(name, channels)}"
            yield tree.key_problem(("notify", "events", name), text)


def _moment(freeze: Value, key: str) -> date | datetime | None:
    """None where there is none that can be read: others tell of that."""
    try:
        return moment(freeze.get(key)) if isinstance(freeze, dict) else None
    except Unfit:
        return None


_RULES: tuple[Callable[[Tree], Iterator[Problem]], ...] = (
    _every_check_has_a_command,
    _a_check_has_a_command_or_a_proof,
    _only_a_proof_has_findings,
    _exemptions_differ,
    _every_command_is_asked_for,
    _nothing_is_named_twice,
    _ports_are_unique,
    _roles_name_people,
    _approvals_can_be_given,
    _approvals_come_from_different_people,
    _branches_differ,
    _rules_are_on_main,
    _somebody_is_tech_lead,
    _releases_come_from_staging,
    _releases_keep_their_commits,
    _lists_of_methods_are_filled,
    _secrets_are_references,
    _given_variables_stay,
    _targets_have_one_provider,
    _what_runs_at_render_has_no_schema_here,
    *VERCEL_RULES,
    _schemas_have_one_tool,
    _downgrades_say_where_to,
    _schemas_know_their_database,
    _smoke_tests_have_a_command,
    _lists_of_the_calendar_are_filled,
    _freezes_end_after_they_begin,
    _who_is_told_is_known,
)

_SECRET_WORDS = {"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "KEY", "APIKEY", "CREDENTIALS"}
# A last word that makes the variable something about a secret, not the secret itself.
_NOT_ITSELF = {"URL", "URI", "FILE", "PATH", "DIR", "ID", "NAME", "TYPE", "ALGORITHM", "TTL", "SECONDS", "MINUTES"}
_URL_WITH_PASSWORD = re.compile(r"://[^/?#@\s:]*:[^/?#@\s]+@")


def _holds_a_secret(name: str, value: Value) -> bool:
    if isinstance(value, Plain):
        value = value.text
    if not isinstance(value, str) or value.startswith(("env:", "file:")):
        return False
    words = name.upper().split("_")
    named_so = bool(_SECRET_WORDS & set(words)) and words[-1] not in _NOT_ITSELF
    return named_so or bool(_URL_WITH_PASSWORD.search(value))


def _texts(tree: Tree, *pattern: str) -> Iterator[tuple[Path, str]]:
    return ((path, value) for path, value in tree.find(*pattern) if isinstance(value, str))


def _text(tree: Tree, *pattern: str) -> str:
    return next((value for _, value in _texts(tree, *pattern)), "")


def _known(name: str, known: list[str]) -> str:
    """What was found, and what it may have been meant to be."""
    near = did_you_mean(name, known) if len(known) <= _MOST_NAMES else ""  # a file may be made to cost us time
    hint = near or (f"known: {_listed(known[:12])}" if known else "none is known")
    return f"found {quoted(name)}, {hint}"


def _listed(names: list[str], between: str = ", ") -> str:
    return between.join(shown_path((name,)) for name in names)
