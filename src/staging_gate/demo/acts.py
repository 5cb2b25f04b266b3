"""What people do again and again in the story: open a change, bring it to staging, make a release of it."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from staging_gate.demo import product
from staging_gate.demo.people import Deviation, Person
from staging_gate.demo.telling import Story, expect

DURATION = "merge to verified in staging"


def open_change(story: Story, author: Person, branch: str, overlay: str) -> dict[str, Any]:
    """Commit, push, ask for it to be merged, wait for its checks; the change with their verdicts."""
    write(story, author, branch, overlay)
    number = author.asks("change", "open", branch)["number"]
    return follow_checks(story, author, number)


def write(story: Story, author: Person, branch: str, overlay: str) -> None:
    """Commit on a new branch, and push it."""
    story.now(f"{author.called} writes the code and pushes {branch}")
    author.begins(branch, at="staging")
    product.apply(overlay, author.tree)
    author.pushes(branch)


def to_staging(story: Story, author: Person, reviewer: Person, branch: str, overlay: str) -> dict[str, Any]:
    """A whole change, from the first commit to a person's word that it works; the staging deployment's timeline."""
    number = passed(open_change(story, author, branch, overlay))
    reviewer.does("approve", str(number), "--comment", "looks right")
    timeline = succeeded(merge(story, author, number))
    story.people.tess.does("change", "tested", str(number), "--note", "tried by hand")
    return timeline


def merge(story: Story, by: Person, number: int) -> dict[str, Any]:
    """Merge, and follow the deployment that it starts; its timeline."""
    story.now(f"{by.called} merges change {number}")
    view = by.asks("change", "merge", str(number))
    return follow(story, by, view["deployments"][0])


def prepare(story: Story) -> str:
    """A release of what staging has, opened by Dana and approved by Tess and Stan; its tag."""
    people = story.people
    opened = people.dana.asks("release", "open")
    story.now(f"Tess and Stan approve {opened['tag']}")
    people.tess.does("approve", opened["tag"], "--as", "tech_lead")
    people.stan.does("approve", opened["tag"], "--as", "stakeholder")
    people.dana.does("change", "merge", str(opened["change"]), "--method", "merge")
    return str(opened["tag"])


def publish(story: Story, tag: str) -> dict[str, Any]:
    """Put the tag on it and follow the production deployment; its timeline."""
    dana = story.people.dana
    story.now(f"Dana publishes {tag}")
    published = dana.asks("release", "publish", tag)
    story.released[tag] = published["release"]["revision"]["commit"]
    return follow(story, dana, published["deployments"][0])


def verified_in_staging(story: Story, timeline: dict[str, Any]) -> str:
    """What staging says of itself after this deployment. Raises Deviation unless it runs it."""
    deployment, said = succeeded(timeline)["deployment"], health(story.stage.public["staging.api"])
    story.merge_to_verified_s = next(took["seconds"] for took in timeline["took"] if took["what"] == DURATION)
    right = {"status": "healthy", "environment": "staging", "revision": deployment["revision"]["commit"]}
    expect(right.items() <= said.items(), f"/health of staging says {said}")
    return (
        f"{deployment['id']} verified {story.merge_to_verified_s:.1f} s after the merge; /health says "
        f"{said['status']}, {said['environment']}, {said['revision'][:10]}"
    )


def refusal(reasons: dict[str, str], *codes: str) -> str:
    """The refusal in words. Raises Deviation where these are not among its reasons."""
    expect(reasons.keys() >= set(codes), f"refused, but for {', '.join(reasons)}")
    said = " ".join(f"{reasons[code]} [{code}]" for code in codes)
    others = len(reasons) - len(codes)
    return f"refused: {said}" + (f" (and {others} more)" if others else "")


def passed(view: dict[str, Any]) -> int:
    """The number of a change whose checks have all passed."""
    expect(all(check["verdict"] == "passed" for check in view["checks"]), verdicts(view))
    return int(view["change"]["number"])


def succeeded(timeline: dict[str, Any]) -> dict[str, Any]:
    deployment = timeline["deployment"]
    expect(deployment["state"] == "succeeded", f"{deployment['id']} {deployment['state']}: {deployment['failure']}")
    return timeline


def verdicts(view: dict[str, Any]) -> str:
    return ", ".join(f"{check['name']} {check['verdict']}" for check in view["checks"])


def follow_checks(story: Story, who: Person, number: int) -> dict[str, Any]:
    """The change, with the verdicts of all its checks."""
    view: dict[str, Any] = {}
    with story.waiting("checks"):
        for view in who.api.lines(f"/changes/{number}/follow"):
            story.now(f"change {number}: {verdicts(view)}")
    return view


def follow(story: Story, who: Person, deployment: str) -> dict[str, Any]:
    """The timeline of a deployment that has ended."""
    timeline: dict[str, Any] = {}
    with story.waiting(deployment.partition("-")[0]):
        for timeline in who.api.lines(f"/deployments/{deployment}/follow"):
            running = [step["name"] for step in timeline["steps"] if not step["ended_at"]]
            story.now(f"{deployment}: {', '.join(running) or timeline['deployment']['state']}")
    return timeline


def live_release(story: Story) -> str:
    """The release that production runs, by the revision that it says it is of; what it says of releases fits that."""
    said = health(story.stage.public["production.api"])
    tag = next((tag for tag, commit in story.released.items() if commit == said["revision"]), "")
    expect(said["release"] in (tag, ""), f"/health of production says {said}")
    return tag


def health(address: str) -> dict[str, Any]:
    """What /health says there."""
    found: dict[str, Any] = json.loads(visit(f"{address}/health"))
    return found


def visit(url: str) -> str:
    """A page as a visitor gets it. Raises Deviation unless it is answered with 200."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        raise Deviation(f"{url} answered {error.code}") from error
    except OSError as error:
        raise Deviation(f"{url} can not be reached: {error}") from error
