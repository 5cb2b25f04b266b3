"""Workflows at GitHub: which jobs there are, as suggestions of checks; and where the repository is."""

import re

from staging_gate.config.importing.nouns import Finding, Found
from staging_gate.config.tree import Value

OURS = ("Staging Environment Deployment", "Production Deployment (Tag-Based)", "Production Rollback")


def read_workflows(found: Found) -> None:
    for place in sorted((found.folder / ".github/workflows").glob("*.y*ml")):
        tree = found.tree(place)
        if tree is None or (isinstance(tree.root, dict) and tree.root.get("name") in OURS):
            continue
        for at, job in tree.find("jobs", "*"):
            where = f"{found.name(place)}:{tree.keys[at][0]}"
            if environment := _environment(job):
                found.note(
                    f"job {at[-1]} deploys to the environment {environment}: the gate does that from now on", where
                )
            else:
                found.checks.append(Finding(_name(job) or str(at[-1]), where))


def read_origin(found: Found) -> None:
    """The repository at GitHub that git fetches from; never what may stand before an @."""
    place = found.folder / ".git/config"
    text = (found.text(place) or "") if place.is_file() else ""
    address = re.search(r"^\s*url\s*=\s*\S*?\bgithub\.com[:/]([\w-]+)/([\w.-]+?)(?:\.git)?/?\s*$", text, re.MULTILINE)
    if address:
        found.repository = f"github:{address[1]}/{address[2]}"
        found.repository_where = f".git/config:{line_of_start(text, address.start())}"
        found.note(f"repository {found.repository}", found.repository_where)


def line_of_start(text: str, start: int) -> int:
    return text.count("\n", 0, start) + 1 + (text[start] == "\n")


def _name(job: Value) -> str:
    name = job.get("name") if isinstance(job, dict) else None
    return name if isinstance(name, str) and "${{" not in name else ""


def _environment(job: Value) -> str:
    value = job.get("environment") if isinstance(job, dict) else None
    if isinstance(value, dict):
        value = value.get("name")
    return value if isinstance(value, str) else ""
