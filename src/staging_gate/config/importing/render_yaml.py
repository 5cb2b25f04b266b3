"""render.yaml: services, in staging and production by name or branch, with what starts and proves them."""

import re
from pathlib import Path, PurePosixPath

from staging_gate.config.importing.nouns import Found, Hosted, Imported, dashed
from staging_gate.config.tree import Path as At
from staging_gate.config.tree import Plain, Tree, Value

KINDS = ("web", "pserv", "worker", "cron", "static")
_STAGING = re.compile(r"(?:^|[-_])(?:staging|stage)(?=$|[-_])")


def read_render(found: Found) -> None:
    place = found.folder / "render.yaml"
    if not place.is_file() or (tree := found.tree(place)) is None:
        return
    name = found.name(place)
    for at, one in tree.find("services", "[]"):
        _service(found, tree, name, at, one)
    for at, one in tree.find("databases", "[]"):
        label = _text(one, "name") or "a database"
        found.note(f"database {label}, which Render keeps: its backups are Render's", _where(tree, name, at))
    if not list(tree.find("services", "[]")):
        found.unread.append(f"{name}:1: wanted a list `services:` with services in it, found none")


def _service(found: Found, tree: Tree, file: str, at: At, one: Value) -> None:
    where, kind, named = _where(tree, file, at), _text(one, "type"), _text(one, "name")
    if not isinstance(one, dict) or kind not in KINDS or not named:
        kinds = ", ".join(KINDS)
        found.unread.append(f"{where}: wanted a service with `name` and a `type` of {kinds}; it is left out")
        return
    branch = _text(one, "branch")
    staging = bool(_STAGING.search(named)) or branch == "staging"
    if staging and branch:
        found.staging_branch = branch
    bare = dashed(_STAGING.sub("", named))
    hosted = Hosted("render", where, environ=_variables(found, tree, file, at))
    service = next((each for each in found.services if each.name == bare), None)
    if service is None:
        service = _new(tree, file, at, one, bare)
        found.services.append(service)
    taken = service.staging if staging else service.production
    if taken:
        found.unread.append(f"{where}: {named} is a second service of that name there; it is left out")
        return
    if staging:
        service.staging = hosted
    else:
        service.production = hosted
    found.note(f"service {named} ({kind}) for {'staging' if staging else 'production'}", where)
    _say_about(tree, file, at, one, service, named)


def _new(tree: Tree, file: str, at: At, one: Value, name: str) -> Imported:
    static = _text(one, "type") == "static" or "static" in (_text(one, "runtime"), _text(one, "env"))
    run = _text(one, "startCommand") or _text(one, "dockerCommand") or ("true" if static else "")
    made = Imported(name, _folder(one), _where(tree, file, at), run)
    made.health = _text(one, "healthCheckPath")
    made.health_where = _where(tree, file, (*at, "healthCheckPath")) if made.health else ""
    if static:
        made.notes.append("A static site: Render serves it, nothing is started.")
    elif not run:
        made.run = "true"
        made.notes.append(f"{made.where} has no startCommand: its image starts it.")
    return made


def _folder(one: Value) -> str:
    """Below the repository; what leads out of it is its top."""
    folder = PurePosixPath(_text(one, "rootDir").removeprefix("./").strip("/"))
    return "" if ".." in folder.parts or folder.name == "" else str(folder)


def _say_about(tree: Tree, file: str, at: At, one: Value, service: Imported, named: str) -> None:
    for key, said in (("buildCommand", "Render builds it"), ("preDeployCommand", "Render migrates with it")):
        if command := _text(one, key):
            note = f"{said}: {' '.join(command.split())} ({_where(tree, file, (*at, key))})"
            if note.partition(" (")[0] not in "\n".join(service.notes):
                service.notes.append(note)
    deploys = one.get("autoDeploy", one.get("autoDeployTrigger")) if isinstance(one, dict) else None
    off = (isinstance(deploys, Plain) and deploys.text.lower() == "false") or deploys in ("off", "no")
    if not off:
        service.notes.append(
            f"{named} deploys by itself at Render now; its first deployment by the gate switches that off."
        )


def _variables(found: Found, tree: Tree, file: str, at: At) -> dict[str, str]:
    """Names with their places; never a value. What Render makes or links by itself is none of ours."""
    names: dict[str, str] = {}
    for place, one in tree.find(*map(str, at[:1]), "[]", "envVars", "[]"):
        if place[:2] != at or not isinstance(one, dict):
            continue
        key, where = _text(one, "key"), _where(tree, file, place)
        if not key:
            if "fromGroup" in one:
                found.note("a group of variables, which is not compared", where)
            continue
        if {"fromDatabase", "fromService", "generateValue"} & one.keys():
            found.note(f"variable {key}, which Render fills in", where)
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key) and key not in ("PORT", "ENVIRONMENT", "REVISION", "RELEASE"):
            names[key] = where
        else:
            found.note(f"variable {key}, which is given by each deployment or has a name that none can have", where)
    return names


def _text(one: Value, key: str) -> str:
    value = one.get(key) if isinstance(one, dict) else None
    return value if isinstance(value, str) else ""


def _where(tree: Tree, file: str, at: At) -> str:
    line, _ = tree.keys.get(at) or tree.values[at]
    return f"{file}:{line}"


def folder_of(service: Imported, root: Path) -> Path:
    return root / service.folder if service.folder else root
