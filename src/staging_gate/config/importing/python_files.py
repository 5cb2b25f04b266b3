"""alembic.ini, manage.py, Procfile, requirements and lock files: how Python is built, migrated and started."""

import configparser
import re
from pathlib import Path

from staging_gate.config.importing.nouns import Found, Imported, dashed, line_of

_LAST = "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; "
DJANGO_CURRENT = (
    _LAST + "print(*(f'{app}.{name}' for app, name in "
    "dict(sorted(MigrationRecorder(connection).applied_migrations())).items()))"
)
"""Prints the newest migration of each app, on one line. Tried by hand with one Django; no test runs it."""
DJANGO_DOWNGRADE = (
    "from django.core.management import call_command; " + _LAST + "wanted = dict(one.split('.', 1) for one in "
    "'$REVISION'.split()); [call_command('migrate', app, wanted.get(app, 'zero')) for app in "
    "sorted({app for app, _ in MigrationRecorder(connection).applied_migrations()})]"
)


def migrates(found: Found, folder: Path, service: Imported) -> None:
    """What keeps the schema of the service in this folder; a note at providers, which migrate by themselves."""
    for name, schema in (("alembic.ini", "alembic"), ("manage.py", "django")):
        place = folder / name
        if not place.is_file() or (text := found.text(place)) is None:
            continue
        if schema == "django" and "django" not in text.lower():
            continue
        where = f"{found.name(place)}:{line_of(text, 'script_location|DJANGO_SETTINGS_MODULE')}"
        if schema == "alembic" and not _has_scripts(found, place, text):
            continue
        found.note(f"migrations of {service.name} by {schema.capitalize()}", where)
        hosted = service.production or service.staging
        if hosted is None:
            service.schema, service.schema_where = schema, where
        elif not any("migrate" in note for note in service.notes) and not re.search("alembic|migrate", service.run):
            service.notes.append(f"Nothing in {hosted.where} migrates ({where}): give it a preDeployCommand at Render.")
        return


def built(found: Found, folder: Path) -> str:
    """The command that installs what the code needs."""
    for name, command in (
        ("uv.lock", "uv sync --frozen"),
        ("requirements.lock", "uv pip sync requirements.lock"),
        ("requirements.txt", "uv pip sync requirements.txt"),
        ("pyproject.toml", "uv pip install ."),
        ("package-lock.json", "npm ci"),
    ):
        if (folder / name).is_file():
            found.note(f"build: {command}", f"{found.name(folder / name)}:1")
            return command
    return ""


def read_procfile(found: Found, place: Path) -> Imported | None:
    """The process `web`; others are told."""
    made = None
    for number, line in enumerate((found.text(place) or "").splitlines(), 1):
        name, colon, command = line.partition(":")
        where = f"{found.name(place)}:{number}"
        if not colon or not command.strip() or line.lstrip().startswith("#"):
            if line.strip() and not line.lstrip().startswith("#"):
                found.unread.append(f"{where}: wanted `name: command`; the line is left out")
        elif name.strip() == "web" and made is None:
            folder = found.name(place.parent)
            made = Imported("web", "" if folder == "." else folder, where, command.strip())
            found.note("service web", where)
        elif name.strip() == "release":
            found.note("what runs before a release; put it under `schema` if it migrates", where)
        else:
            found.note(f"process {dashed(name)}, which is not imported", where)
    return made


def read_django(found: Found, place: Path) -> Imported | None:
    """The project that manage.py is of, started by gunicorn."""
    text = found.text(place) or ""
    settings = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]", text)
    if not settings:
        return None
    where = f"{found.name(place)}:{line_of(text, 'DJANGO_SETTINGS_MODULE')}"
    project = settings[1].partition(".")[0]
    folder = found.name(place.parent)
    made = Imported(dashed(project), "" if folder == "." else folder, where, "")
    made.run = f"gunicorn {project}.wsgi --bind 127.0.0.1:$PORT"
    made.notes.append("How it is started is a guess: manage.py names the project only.")
    found.note(f"service {made.name}, a Django project", where)
    return made


def _has_scripts(found: Found, place: Path, text: str) -> bool:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        if parser.get("alembic", "script_location").strip():
            return True
        line, said = line_of(text, "script_location"), "script_location is empty"
    except configparser.MissingSectionHeaderError as error:
        line, said = error.lineno, "wanted a section [alembic] with script_location"
    except configparser.ParsingError as error:
        line, said = error.errors[0][0] if error.errors else 1, "wanted `key = value`"
    except configparser.Error as error:
        line, said = getattr(error, "lineno", None) or 1, "wanted a section [alembic] with script_location"
    found.unread.append(f"{found.name(place)}:{line}: {said}")
    return False
