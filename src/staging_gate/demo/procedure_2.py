"""Procedure 2 of the runbook: what staging has proved goes to production."""

from typing import Any

from staging_gate.demo.acts import health, prepare, publish, refusal, succeeded, to_staging
from staging_gate.demo.telling import Chapter, Story, expect, step


@step("Dana plans a release and opens it", "the version and the notes come from the commits")
def opened(story: Story) -> str:
    dana = story.people.dana
    planned = dana.asks("release", "plan")
    release = dana.asks("release", "open")
    story.change = release["change"]
    expect(planned["tag"] == release["tag"] == "v1.0.0" and not planned["untested"], f"the plan is {planned['title']}")
    return f"{release['title']} is change {story.change}"


@step("Dana publishes it at once", "refused: its change is not merged")
def published_too_early(story: Story) -> str:
    return refusal(story.people.dana.is_refused("release", "publish", "v1.0.0"), "release_not_merged")


@step("Dana squashes it into main", "refused: commits of a release must stay what was proved, and nobody approved it")
def squashed(story: Story) -> str:
    reasons = story.people.dana.is_refused("change", "merge", str(story.change), "--method", "squash")
    return refusal(reasons, "merge_method", "approvals_missing")


@step("Tess and Stan approve it, Dana merges it", "main has it, and nothing is deployed yet")
def merged(story: Story) -> str:
    people = story.people
    people.tess.does("approve", "v1.0.0", "--as", "tech_lead")
    people.stan.does("approve", "v1.0.0", "--as", "stakeholder")
    view = people.dana.asks("change", "merge", str(story.change), "--method", "merge")
    deployments = people.dana.asks("deployment", "list", "--environment", "production")
    said = f"change {story.change} {view['change']['state']}, {len(deployments)} deployments to production"
    return expect(view["change"]["state"] == "merged" and not deployments, said)


@step("Dana publishes v1.0.0", "production runs it, proved by health, login, dashboard and super admin panel")
def first_release(story: Story) -> str:
    timeline = succeeded(publish(story, "v1.0.0"))
    story.client.start()
    return _proved(story, timeline, "v1.0.0")


@step("Ada's feature with a database migration goes the same way", "checked, reviewed, verified in staging, tested")
def second_feature(story: Story) -> str:
    people = story.people
    timeline = to_staging(story, people.ada, people.ben, "feature/price-alerts", "price-alerts")
    return f"{timeline['deployment']['id']} succeeded; {_outcome(timeline, 'upgrade the schema of api')}"


@step("Dana publishes v1.1.0", "production moves on to it, and nobody notices")
def second_release(story: Story) -> str:
    before = story.client.requests
    timeline = succeeded(publish(story, prepare(story)))
    said = _proved(story, timeline, "v1.1.0")
    failed, asked = len(story.client.failures), story.client.requests - before
    return expect(not failed, f"{said}; {failed} of {asked} requests failed meanwhile")


def _proved(story: Story, timeline: dict[str, Any], tag: str) -> str:
    """What production says about itself. Raises Deviation unless it runs this release."""
    said = health(story.stage.public["production.api"])
    right = {"status": "healthy", "environment": "production", "revision": story.released[tag], "release": tag}
    expect(right.items() <= said.items(), f"/health of production says {said}")
    seconds = next(took["seconds"] for took in timeline["took"])
    return f"{timeline['deployment']['id']} succeeded in {seconds:.1f} s; /health says {tag}, {said['revision'][:10]}"


def _outcome(timeline: dict[str, Any], name: str) -> str:
    return next(str(step["outcome"]).strip('"') for step in timeline["steps"] if step["name"] == name)


CHAPTER = Chapter(
    "Procedure 2: staging goes to production",
    (opened, published_too_early, squashed, merged, first_release, second_feature, second_release),
)
