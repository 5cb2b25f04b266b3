"""`gate workflows`: the runbook's three GitHub Actions files, written from gate.yaml."""

import os
import re
import sys
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

import staging_gate
from staging_gate.cli.access import json_option, print_json
from staging_gate.cli.errors import FAILED
from staging_gate.config import workflows as files
from staging_gate.config.workflows import Made
from staging_gate.domain.policy import Policy
from staging_gate.ports.errors import Unavailable

RUNNER = "ubuntu-24.04"


@dataclass(frozen=True)
class Found:
    """One file. `state`: same, missing, outdated (as we wrote it, but from something else), or changed by a person."""

    name: str
    place: Path
    wanted: str
    now: str
    state: str

    @property
    def diff(self) -> str:
        path = f"{files.FOLDER}/{self.name}"
        lines = unified_diff(self.now.splitlines(True), self.wanted.splitlines(True), f"a/{path}", f"b/{path}")
        return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--source", metavar="ADDRESS", help="The git repository of Staging Gate that GitHub's machines can read.")
@click.option("--commit", metavar="SHA", help="The commit of it, in full: what runs is pinned.")
@click.option("--runs-on", metavar="LABEL", help=f"The kind of machine, `self-hosted` for instance.  [{RUNNER}]")
@click.option("--check", is_flag=True, help="Write nothing; show what differs, exit 1 if anything does.")
@click.option("--force", is_flag=True, help="Write over files that a person has changed.")
@json_option
def workflows(
    folder: Path, source: str | None, commit: str | None, runs_on: str | None, check: bool, force: bool, as_json: bool
) -> None:
    """Write the runbook's three GitHub Actions files into FOLDER, from its gate.yaml.

    Staging Environment Deployment, Production Deployment (Tag-Based), Production Rollback: each calls `gate`, shows
    what happens and fails where it fails. What is not said is taken from the files that are there, else from the
    checkout of Staging Gate that this command runs from.
    """
    places = [folder / files.FOLDER / name for name in files.NAMES]
    made = _made(places, source, commit, runs_on)
    wanted = files.texts(_policy(folder / "gate.yaml"), made)
    found = [_found(place, wanted[place.name]) for place in places]
    if not check:
        for one in found:
            if one.state in ("missing", "outdated") or (one.state == "changed" and force):
                one.place.parent.mkdir(parents=True, exist_ok=True)
                one.place.write_text(one.wanted)
    _show(found, check, force, as_json)
    if any(one.state == "changed" and not force or check and one.state != "same" for one in found):
        sys.exit(FAILED)


def _show(found: list[Found], check: bool, force: bool, as_json: bool) -> None:
    written = {} if check else {"missing": "written", "outdated": "written"} | ({"changed": "written"} if force else {})
    if as_json:
        told = [
            {"file": str(one.place), "state": one.state, "written": one.state in written, "diff": one.diff}
            for one in found
        ]
        return print_json(told)
    for one in found:
        click.echo(f"{one.place}: {written.get(one.state, WORDS[one.state])}")
        if one.state not in written:
            click.echo(one.diff, nl=False)
    if any(one.state in written for one in found):
        click.echo("They need the variable GATE_SERVER and the secrets GATE_TOKEN and GATE_ROLLBACK_TOKEN at GitHub.")


WORDS = {
    "same": "is as it should be",
    "missing": "is not there",
    "outdated": "is of another gate.yaml or another gate; `gate workflows` writes it anew",
    "changed": "was changed by hand, and is left alone; --force writes over it",
}


def _found(place: Path, wanted: str) -> Found:
    if not place.exists():
        return Found(place.name, place, wanted, "", "missing")
    now = place.read_text(errors="replace")
    if now == wanted:
        return Found(place.name, place, wanted, now, "same")
    return Found(place.name, place, wanted, now, "outdated" if files.is_as_written(now) else "changed")


def _policy(place: Path) -> Policy:
    from staging_gate.config import YamlPolicyReader
    from staging_gate.ports.policy import PolicyProblems

    if not place.exists():
        raise click.UsageError(f"{place} is not there. `gate init` writes one; the workflows are made from it.")
    try:
        return YamlPolicyReader().read(place.read_bytes(), str(place))
    except PolicyProblems as broken:
        for problem in broken.problems:
            click.echo(problem, err=True)
        raise SystemExit(2) from broken


def _made(places: list[Path], source: str | None, commit: str | None, runs_on: str | None) -> Made:
    known = next((made for place in places if place.exists() and (made := files.made_with(place.read_text()))), None)
    ours = known or _checkout()
    wanted = Made(source or ours.source, commit or ours.commit, runs_on or ours.runs_on)
    if not re.fullmatch(r"[^\s-]\S*", wanted.source):
        raise click.UsageError(
            "Where do GitHub's machines get Staging Gate from? Name its git repository: --source https://..."
        )
    if not re.fullmatch(r"[0-9a-f]{40}", wanted.commit):
        raise click.UsageError(
            "Which commit of Staging Gate is to run there? Name it in full: --commit SHA (40 digits)"
        )
    return wanted


def _checkout() -> Made:
    """Of the checkout that we run from; empty where there is none, or where it came by a way that only we have."""
    root = Path(staging_gate.__file__).parents[2]
    if not (root / "gate").is_file() or not (root / ".git").exists():
        return Made("", "", RUNNER)
    return Made(_public(_git(root, "remote", "get-url", "origin")), _git(root, "rev-parse", "HEAD"), RUNNER)


def _git(root: Path, *words: str) -> str:
    from staging_gate.wire.commands import capture

    try:
        said = capture(["git", "-C", str(root), *words], environ=os.environ)
    except Unavailable:
        return ""
    return said.text.strip() if said.code == 0 else ""


def _public(address: str) -> str:
    """An https address without the name and password that may stand in it; other addresses need --source."""
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
