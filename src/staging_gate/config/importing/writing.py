"""The draft of a gate.yaml: what was found, each with where it comes from; FILL-IN where only a person knows."""

import json
import re
from collections.abc import Iterator

from staging_gate.config.commands import command
from staging_gate.config.importing.nouns import FILL_IN, Found, Hosted, Imported
from staging_gate.config.importing.python_files import DJANGO_CURRENT, DJANGO_DOWNGRADE
from staging_gate.config.kind import Unfit

FIRST_PORT = 8000


def written(found: Found) -> str:
    return "\n".join([*_head(found), *_services(found), *_flow(found)]) + "\n"


def _head(found: Found) -> Iterator[str]:
    yield "# Drafted by `gate init` from what is in this repository. `gate policy check` says what is missing:"
    yield f"# where {FILL_IN} stands, which only you know. All keys are in docs/reference/gate-yaml.md."
    for problem in found.unread:
        yield f"# not read: {_one_line(problem)}"
    yield f"product: {found.product}"
    yield "time_zone: UTC"
    yield f"repository: {{git: {found.repository}}}" + _from(found.repository_where)
    yield "services:"


def _services(found: Found) -> Iterator[str]:
    for number, service in enumerate(found.services):
        yield ""
        yield f"  {service.name}:{_from(service.where)}"
        for note in service.notes:
            yield f"    # {_one_line(note)}"
        if service.folder:
            yield f"    # Its code is in {_one_line(service.folder)}/."
        if service.build:
            yield f"    build: {_command(service.build, service.folder)}"
        yield from _schema(service)
        yield f"    run: {_command(service.run, service.folder if service.production is None else '')}"
        yield from _health(service)
        yield from _targets(service, FIRST_PORT + 2 * number)


def _schema(service: Imported) -> Iterator[str]:
    folder = f"{service.folder}/" if service.folder else ""
    if service.schema == "alembic":
        at = json.dumps(f"{folder}alembic.ini")
        yield f"    schema: {{alembic: {at}, database: {service.database}}}{_from(service.schema_where)}"
    elif service.schema == "django":
        manage = ["python", f"{folder}manage.py"]
        yield f"    schema:{_from(service.schema_where)}"
        yield "      commands:"
        yield f"        current: {json.dumps([*manage, 'shell', '-v', '0', '-c', DJANGO_CURRENT])}"
        yield f"        upgrade: {json.dumps([*manage, 'migrate', '--noinput'])}"
        yield f"        downgrade: {json.dumps([*manage, 'shell', '-v', '0', '-c', DJANGO_DOWNGRADE])}"
        yield f"      database: {service.database}"


def _health(service: Imported) -> Iterator[str]:
    """At Vercel, too, /health is asked."""
    yield f"    health:{_from(service.health_where) or '  # what proves that it is up'}"
    yield f"      path: {json.dumps(service.health if service.health.startswith('/') else '/health')}"
    yield "      expect: {status: healthy, environment: $ENVIRONMENT}  # and the revision, if it says one"


def _targets(service: Imported, port: int) -> Iterator[str]:
    yield "    targets:"
    beside = service.production or service.staging
    for offset, name in ((1, "staging"), (0, "production")):
        hosted = service.staging if name == "staging" else service.production
        yield f"      {name}:"
        if beside is None:
            yield f"        local: {_local(service, name, port + offset)}"
        elif hosted is None:
            yield f"        # {beside.where.partition(':')[0]} has none for {name}: make one, apart from the other."
            yield f"        {beside.provider}: {{service: {FILL_IN}}}"
        else:
            yield from _hosted(service, name, hosted)


def _local(service: Imported, environment: str, port: int) -> str:
    if not service.schema:
        return f"{{port: {port}}}"
    return (
        f"{{port: {port}, environ: {{{service.database}: env:{_reference(service, environment, service.database)}}}}}"
    )


def _hosted(service: Imported, environment: str, hosted: Hosted) -> Iterator[str]:
    yield f"        {hosted.provider}:{_from(hosted.where)}"
    if hosted.provider == "render":
        yield f"          service: {hosted.identity}  # its id, srv-..., from the address of its page at Render"
    else:
        yield f"          project: {hosted.identity}" + (
            "" if hosted.identity != FILL_IN else "  # prj_..., from its settings"
        )
        if hosted.team:
            yield f"          team: {hosted.team}"
        if environment == "staging":
            yield f"          domain: {FILL_IN}  # the domain of staging at Vercel"
    if hosted.environ:
        yield "          environ:  # compared with what is set there; the server reads these references"
        for key, where in hosted.environ.items():
            yield f"            {key}: env:{_reference(service, environment, key)}{_from(where)}"


def _flow(found: Found) -> Iterator[str]:
    yield ""
    if found.checks:
        yield "# Jobs of your workflows, which may be checks; the rules of a branch at GitHub say which:"
        yield from (f"#   {_one_line(check.what)}{_from(check.where)}" for check in found.checks)
    yield "flow:"
    yield f"  staging: {{branch: {json.dumps(found.staging_branch)}, checks: [], approvals: {{review: 1}}}}"
    yield "  production:"
    yield "    branch: main"
    yield "    from: staging"
    yield "    requires: [verified_in_staging, tested_by_a_person, no_critical_bugs]"
    yield "    approvals: {tech_lead: 1}"
    yield ""
    yield "# Everybody who acts here, by sign-in name at GitHub, with a mail address; and who may say yes as what."
    yield "people: {}"
    yield f"roles: {{tech_lead: [{FILL_IN}]}}"


def _command(given: str, folder: str) -> str:
    """A command as gate.yaml takes it: what needs a shell, or another folder, is given one, in plain sight."""
    if not folder:
        try:
            command(given)
        except Unfit:
            pass
        else:
            return json.dumps(given)
    script = f"cd {json.dumps(folder)} && {given}" if folder else given
    return json.dumps(["sh", "-c", " ".join(script.split("\n"))])


def _reference(service: Imported, environment: str, key: str) -> str:
    return re.sub(r"\W", "_", f"{service.name}_{environment}_{key}").upper()


def _from(where: str) -> str:
    return f"  # from {_one_line(where)}" if where else ""


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", " ", text).split())
