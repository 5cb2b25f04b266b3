"""vercel.json and package.json: a project at Vercel, or a service that npm starts."""

import json
import re
from pathlib import Path
from typing import Any

from staging_gate.config.importing.nouns import Found, Hosted, Imported, dashed, line_of


def read_vercel(found: Found, place: Path) -> None:
    loaded, text = read_json(found, place)
    folder = place.parent
    package, _ = read_json(found, folder / "package.json") if (folder / "package.json").is_file() else ({}, "")
    linked, _ = (
        read_json(found, folder / ".vercel/project.json") if (folder / ".vercel/project.json").is_file() else ({}, "")
    )
    where = f"{found.name(place)}:1"
    name = dashed(str(package.get("name") or "").rpartition("/")[2] or folder.name, "web")
    made = Imported(_free(found, name), _relative(found, folder), where, _start(package) or "vercel dev")
    made.notes += [
        f"{key}: {loaded[key]} ({found.name(place)}:{line_of(text, chr(34) + key)})"
        for key in _SHOWN
        if _is_text(loaded, key)
    ]
    for environment in ("staging", "production"):
        hosted = Hosted("vercel", where)
        if re.fullmatch("prj_[A-Za-z0-9]+", str(linked.get("projectId"))):
            hosted.identity, hosted.where = linked["projectId"], f"{found.name(folder / '.vercel/project.json')}:1"
        if re.fullmatch("team_[A-Za-z0-9]+", str(linked.get("orgId"))):
            hosted.team = linked["orgId"]
        setattr(made, environment, hosted)
    found.services.append(made)
    found.note(f"service {made.name} at Vercel", where)
    for at in ("env", "build"):
        if loaded.get(at):
            line = line_of(text, f'"{at}"')
            found.note(
                "variables in it: keep them at Vercel, their values are not copied", f"{found.name(place)}:{line}"
            )


def read_package(found: Found, place: Path) -> Imported | None:
    """A service that `npm start` starts; None where the package has no such script."""
    package, text = read_json(found, place)
    scripts = package.get("scripts")
    if not isinstance(scripts, dict) or not _is_text(scripts, "start"):
        return None
    where = f"{found.name(place)}:{line_of(text, chr(34) + 'start')}"
    name = dashed(str(package.get("name") or "").rpartition("/")[2] or place.parent.name, "web")
    made = Imported(_free(found, name), _relative(found, place.parent), where, "npm start")
    made.build = "npm ci"
    found.note(f"service {made.name}, started by npm", where)
    return made


def read_json(found: Found, place: Path) -> tuple[dict[str, Any], str]:
    """An object and its text; empty, and told, where it is none."""
    text = found.text(place)
    if text is None:
        return {}, ""
    try:
        loaded = json.loads(text)
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        found.unread.append(f"{found.name(place)}:{line}:{column}: wanted JSON: {getattr(error, 'msg', 'not JSON')}")
        return {}, text
    except RecursionError:
        found.unread.append(f"{found.name(place)}:1: wanted JSON that is nested less deeply")
        return {}, text
    if not isinstance(loaded, dict):
        found.unread.append(f"{found.name(place)}:1: wanted a JSON object {{...}}, found something else")
        return {}, text
    return loaded, text


_SHOWN = ("framework", "installCommand", "buildCommand", "outputDirectory")


def _start(package: dict[str, Any]) -> str:
    scripts = package.get("scripts")
    known = scripts if isinstance(scripts, dict) else {}
    return next((f"npm run {name}" for name in ("start", "preview", "dev") if _is_text(known, name)), "")


def _is_text(loaded: dict[str, Any], key: str) -> bool:
    return isinstance(loaded.get(key), str) and bool(loaded[key]) and "\n" not in loaded[key]


def _relative(found: Found, folder: Path) -> str:
    name = found.name(folder)
    return "" if name == "." else name


def _free(found: Found, name: str) -> str:
    taken = {service.name for service in found.services}
    return next(each for number in range(1, 1000) if (each := name if number == 1 else f"{name}-{number}") not in taken)
