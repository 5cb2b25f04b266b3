"""The three GitHub Actions files of the runbook, as a policy wants them. They call `gate`; nothing is decided there.

The second line of each file remembers what it was made with, and the hash of the rest: so a file that a person has
changed is known.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib.resources import files

from staging_gate.domain.policy import Policy

FOLDER = ".github/workflows"
NAMES = ("staging-environment-deployment.yml", "production-deployment.yml", "production-rollback.yml")

_FIRST = "# Written by `gate workflows`. Once it is changed by hand, only --force writes over it.\n"
_MARK = "# gate-workflows "


@dataclass(frozen=True)
class Made:
    """Where a workflow gets `gate` from, pinned (a git address, a full commit), and the kind of machine it runs on."""

    source: str
    commit: str
    runs_on: str


def texts(policy: Policy, made: Made) -> dict[str, str]:
    """The files by name, whole."""
    return {name: _signed(_filled(name, policy, made), made) for name in NAMES}


def made_with(text: str) -> Made | None:
    """What a file says it was made with; None where it is none of ours."""
    known = _remembered(text)
    if not all(isinstance(known.get(key), str) for key in Made.__dataclass_fields__):
        return None
    return Made(**{key: known[key] for key in Made.__dataclass_fields__})


def is_as_written(text: str) -> bool:
    """Whether no person has changed the file since we wrote it."""
    first, _, rest = text.partition("\n")
    return f"{first}\n" == _FIRST and _remembered(text).get("sha256") == _hash(rest.partition("\n")[2])


def _filled(name: str, policy: Policy, made: Made) -> str:
    """What is filled in stands in double quotes, as JSON, which YAML reads as it is meant."""
    template = (files(__package__) / "workflow_files" / name).read_text(encoding="utf-8")
    values = {
        "PRODUCT": policy.product,
        "STAGING": json.dumps(policy.staging.branch),
        "TAGS": json.dumps(policy.production.tags),
        "SOURCE": json.dumps(made.source),
        "COMMIT": json.dumps(made.commit),
        "RUNS_ON": json.dumps(made.runs_on),
    }
    return re.sub(r"__([A-Z_]+)__", lambda found: values[found[1]], template)


def _signed(text: str, made: Made) -> str:
    return f"{_FIRST}{_MARK}{json.dumps({**asdict(made), 'sha256': _hash(text)})}\n{text}"


def _remembered(text: str) -> dict[str, str]:
    _, _, rest = text.partition("\n")
    line = rest.partition("\n")[0]
    try:
        known = json.loads(line.removeprefix(_MARK)) if line.startswith(_MARK) else {}
    except ValueError:
        known = {}
    return known if isinstance(known, dict) else {}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
