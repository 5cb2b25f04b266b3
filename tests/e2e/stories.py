"""What people do with an installation, up to the end of what that sets off, and what came of it in comparable words."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from sqlalchemy import select

from staging_gate.adapters.clock import SystemClock
from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.local.layout import Layout
from staging_gate.adapters.local.places import Places
from staging_gate.domain.audit import verify_chain
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.timeline import RunRecord, Step
from staging_gate.engine import connect, reading, tables
from staging_gate.ports.store import Transaction
from staging_gate.store import SqlStore
from staging_gate.testing import eventually
from tests.e2e.installation import Installation

SERVICES = ("api", "web")
ADDRESSES = ("staging api", "staging web", "production api", "production web")


PROOF = "prove the way back"
"""Begun beside the others, or not, by what was told before: killed in the stories that tests/runbook tells."""


@dataclass
class Record:
    """The state of an installation, read beside its server; it need not run."""

    state: Path
    database: Any = field(init=False)

    def __post_init__(self) -> None:
        self.database = connect(f"sqlite:///{self.state / 'gate.db'}")
        self.store = SqlStore(self.database, SystemClock())
        self.code = GitCodeHost(self.state / "repository.git")

    def tags(self) -> list[str]:
        return sorted(self.code.tags(), key=lambda tag: [int(part) for part in tag[1:].split(".")])

    def deployments(self) -> list[Deployment]:
        """Oldest first."""
        with self.store.reading() as tx:
            return sorted(tx.deployments.recent(limit=10_000), key=lambda one: one.requested_at)

    def runs(self) -> list[tuple[RunRecord, list[Step]]]:
        """Oldest first."""
        with reading(self.database) as connection:
            rows = connection.execute(select(tables.run).order_by(tables.run.c.created_at)).all()
        with self.store.reading() as tx:
            return [(tables.run_record(row), tx.runs.steps(row.id)) for row in rows]

    def is_idle(self) -> bool:
        with self.store.reading() as tx:
            return not tx.runs.unfinished() and not self._in_motion(tx)

    def assert_intact(self) -> None:
        with self.store.reading() as tx:
            report = verify_chain(tx.audit_log.entries())
        assert report.intact, report

    @staticmethod
    def _in_motion(tx: Transaction) -> bool:
        return any(not one.state.ended for one in tx.deployments.recent(limit=10))


@dataclass(frozen=True)
class Mark:
    """How far everything was at a moment."""

    runs: int
    deployments: int
    audit: int
    tags: int


@dataclass
class Story:
    """`number` counts the changes, so that each is another tree."""

    at: Installation
    number: int = 0
    branch: str = ""
    tag: str = ""

    def __post_init__(self) -> None:
        self.record = Record(self.at.state)

    def begin(self) -> None:
        """The product's first commit in both branches and running in staging."""
        self.at.write_product()
        self.at.push("main", "main:staging", by="admin")
        self.at.as_("admin").post("/redeploy", environment="staging")
        self.settle()

    def write_a_change(self, fault: str = "", branch: str = "", **files: str) -> None:
        """A pushed branch with one commit; `files` are written besides what makes it another tree."""
        self.number += 1
        self.branch = branch or f"feature/{self.number}"
        self.at.start_branch("work")
        for name, text in {"number.txt": str(self.number), "fault.txt": fault, **files}.items():
            (self.at.tree / name).write_text(text + "\n")
        self.at.commit(f"feat: number {self.number}")
        self.at.push(f"HEAD:refs/heads/{self.branch}")

    def open_change(self) -> None:
        self.at.as_("ada").post("/changes", source=self.branch, target="staging")

    def merge(self) -> None:
        """The open change, once somebody has looked at it; a tech lead, in case it changes how it is proved."""
        change = self.open_one()
        self.at.as_("tess").post(f"/changes/{change}/approve", role="tech_lead")
        self.at.as_("ben").post(f"/changes/{change}/approve")
        self.at.as_("ben").post(f"/changes/{change}/merge")

    def open_release(self) -> None:
        """Of what is in staging, once somebody has tried all of it there."""
        for number in self.at.as_("ben").get("/releases/plan")["untested"]:
            self.at.as_("ben").post(f"/changes/{number}/tested")
        self.tag = self.at.as_("ben").post("/releases", title="what the story ships")["tag"]
        self.at.as_("tess").post(f"/changes/{self.open_one()}/approve", role="tech_lead")

    def merge_release(self) -> None:
        self.at.as_("ben").post(f"/changes/{self.open_one()}/merge")

    def publish(self) -> None:
        self.at.as_("dana").post(f"/releases/{self.tag}/publish")

    def roll_back(self) -> None:
        self.at.as_("dana").post("/rollback", to=self.way_back(), reason="it is slow")

    def lose_what_is_warm(self) -> None:
        """In production only what is live goes on running."""
        for service in SERVICES:
            places = Places(Layout(self.at.state), Environment.PRODUCTION, service)
            live = self.revision_at(f"production {service}")
            for place in places.all():
                process = places.process(place.process)
                if process and place.commit != live:
                    process.stop(within=0)

    def way_back(self) -> str:
        """The last verified release that is not live."""
        with self.record.store.reading() as tx:
            live = tx.deployments.live(Environment.PRODUCTION)
            verified = [one.tag for one in tx.releases.all() if one.state is ReleaseState.VERIFIED]
        return next(tag for tag in verified if live is None or tag != live.release)

    def lift_everything(self) -> None:
        """The holds and quarantines that a release which was taken back leaves behind."""
        dana = self.at.as_("dana")
        for hold in dana.get("/holds"):
            dana.post(f"/holds/{hold['id']}/lift", reason="understood")
        for quarantine in dana.get("/releases")["quarantines"]:
            dana.post(f"/releases/{quarantine['tag']}/lift", reason="understood")

    def settle(self, within: float = 30.0) -> None:
        """Nothing runs, waits or is checked any more."""
        eventually(self.record.is_idle, within)

    def open_one(self) -> int:
        [change] = self.at.as_("ben").get("/changes", state="open")
        return int(change["number"])

    def last_merged(self) -> int:
        return int(self.at.as_("ben").get("/changes", state="merged")[0]["number"])

    def picture(self) -> dict[str, object]:
        """All that must stay as it is when something is refused."""
        with self.record.store.reading() as tx:
            audit, _ = tx.audit_log.head()
        return {
            "record": audit,
            "deployments": [(one.id, one.state) for one in self.record.deployments()],
            "tags": self.record.code.tags(),
            "branches": self.record.code.branches(),
            **self.traffic(),
        }

    def traffic(self) -> dict[str, object]:
        """What answers at each public address."""
        return {address: self.revision_at(address) for address in ADDRESSES}

    def mark(self) -> Mark:
        with self.record.store.reading() as tx:
            audit, _ = tx.audit_log.head()
        return Mark(len(self.record.runs()), len(self.record.deployments()), audit, len(self.record.tags()))

    def outcome(self, since: Mark) -> str:
        """All that came since then: deployments, runs, the record, tags, what answers. The same story gives the same.

        Names that go on counting are counted anew, and what only depends on the time is left out.
        """
        deployments = [
            f"{one.id} {one.kind} of {one.release or one.revision.commit} {one.state}: {one.why}; {one.failure}"
            for one in self.record.deployments()[since.deployments :]
        ]
        runs = [_told(run, steps) for run, steps in self.record.runs()[since.runs :] if run.procedure != PROOF]
        with self.record.store.reading() as tx:
            record = [f"{e.actor} {e.action} {e.subject} {e.reason}" for e in tx.audit_log.entries(since.audit)]
        tags = [f"tag {tag} at {self.record.code.tags()[tag].commit}" for tag in self.record.tags()[since.tags :]]
        answers = [f"{address} answers {revision}" for address, revision in self.traffic().items()]
        differs = [
            f"{one['subject']} differs: {one['what']}" for one in self.at.as_("dana").get("/board")["differences"]
        ]
        return _counted_anew("\n".join([*deployments, *sorted(runs), *record, *tags, *answers, *differs]))

    def revision_at(self, address: str) -> str:
        """What the proxy answers there."""
        with urlopen(f"http://127.0.0.1:{self.at.ports[address]}/health", timeout=10) as answer:
            return str(json.load(answer)["revision"])


Parts = Mapping[str, Callable[[Story], None]]
"""What people do, one after the other; what one part sets off has ended before the next begins."""

DEPLOYMENT: Parts = {"open the change": Story.open_change, "merge it": Story.merge}
RELEASE: Parts = {
    **DEPLOYMENT,
    "open a release": Story.open_release,
    "merge the release": Story.merge_release,
    "publish it": Story.publish,
}
ROLLBACK: Parts = {"roll back": Story.roll_back}
COLD_ROLLBACK: Parts = {"lose what is warm": Story.lose_what_is_warm, **ROLLBACK}


def tell(story: Story, parts: Parts) -> None:
    for do in parts.values():
        do(story)
        story.settle()


def _told(run: RunRecord, steps: list[Step]) -> str:
    return "\n  ".join([f"{run.procedure} {run.state} {run.error}", *(f"{step.state} {step.name}" for step in steps)])


def _counted_anew(text: str) -> str:
    """Each of `staging-7`, `v1.4.0`, `change 5`, commits and so on by its place in the text."""
    known: dict[str, str] = {}
    counted = r"(\b(?:staging-|production-|feature/|change |number |v)|#)(\d+(?:\.\d+)*)|\b()[0-9a-f]{10,40}\b"
    text = re.sub(r"\d+\.\d s\b", "a moment", re.sub(r"hold-\w+", "hold", text))
    return re.sub(counted, lambda found: known.setdefault(found[0], f"{found[1] or ''}<{len(known) + 1}>"), text)
