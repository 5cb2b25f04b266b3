"""Procedure 2 of the runbook: what staging has proved goes to production."""

import json
from datetime import date, datetime
from typing import Any

from staging_gate.demo import product
from staging_gate.demo.acts import (
    follow_checks,
    health,
    live_release,
    merge,
    passed,
    prepare,
    publish,
    refusal,
    succeeded,
    to_staging,
)
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


@step("Dana writes a freeze of production into gate.yaml", "a change of the rules: a tech lead has to agree to it")
def freeze(story: Story) -> str:
    people = story.people
    story.now("Dana writes the freeze and pushes feature/market-fair")
    people.dana.begins("feature/market-fair", at="staging")
    product.freeze(people.dana.tree, on=_today(story), why="the market fair")
    people.dana.git("commit", "--quiet", "--all", "--message", "feat: release nothing during the market fair")
    people.dana.pushes("feature/market-fair")
    number = people.dana.asks("change", "open", "feature/market-fair")["number"]
    passed(follow_checks(story, people.dana, number))
    people.ben.does("approve", str(number))
    said = refusal(people.dana.is_refused("change", "merge", str(number)), "changes_its_own_proof")
    people.tess.does("approve", str(number), "--as", "tech_lead")
    timeline = succeeded(merge(story, people.dana, number))
    people.tess.does("change", "tested", str(number), "--note", "nothing to see")
    return f"{said}; then {timeline['deployment']['id']} succeeded"


@step(
    "Staging tries the way back by itself",
    "v1.0.0 works on a clone that has the new migrations, before anybody needs it",
)
def way_back(story: Story) -> str:
    with story.waiting("ways back"):
        found = story.people.dana.asks("way-back", "show", "--wait")
    return expect(found["way"]["verdict"] == "compatible", found["said"])


@step("Dana publishes v1.1.0 into the freeze", "it waits until the freeze is over, and says who may bypass it")
def frozen(story: Story) -> str:
    dana = story.people.dana
    tag = prepare(story)
    waits = dana.asks("release", "publish", tag)["waits"]
    reasons = {reason["code"]: reason for reason in json.loads(dana.tries("explain", tag, "--json").out)["reasons"]}
    said = f"{waits['said']} {reasons['freeze']['sentence']}"
    return expect(tag == "v1.1.0" and reasons["freeze"]["bypass"] == ["tech_lead"], said)


@step("Tess bypasses the freeze for v1.1.0", "once, with a reason: production moves on to it, and nobody notices")
def second_release(story: Story) -> str:
    before = story.client.requests
    story.people.tess.does("bypass", "v1.1.0", "freeze", "--reason", "the fair itself needs the alerts")
    timeline = succeeded(publish(story, "v1.1.0"))
    said = _proved(story, timeline, "v1.1.0")
    failed, asked = len(story.client.failures), story.client.requests - before
    return expect(not failed, f"{said}; {failed} of {asked} requests failed meanwhile")


def _today(story: Story) -> date:
    """By the server's clock."""
    newest = story.people.dana.asks("deployment", "list")[0]
    return datetime.fromisoformat(newest["requested_at"]).date()


def _proved(story: Story, timeline: dict[str, Any], tag: str) -> str:
    """What production says about itself. Raises Deviation unless it runs this release."""
    said = health(story.stage.public["production.api"])
    right = {"status": "healthy", "environment": "production", "revision": story.released[tag]}
    expect(right.items() <= said.items() and live_release(story) == tag, f"/health of production says {said}")
    seconds = next(took["seconds"] for took in timeline["took"])
    return f"{timeline['deployment']['id']} succeeded in {seconds:.1f} s; /health says {tag}, {said['revision'][:10]}"


def _outcome(timeline: dict[str, Any], name: str) -> str:
    return next(str(step["outcome"]).strip('"') for step in timeline["steps"] if step["name"] == name)


CHAPTER = Chapter(
    "Procedure 2: staging goes to production",
    (
        opened,
        published_too_early,
        squashed,
        merged,
        first_release,
        second_feature,
        freeze,
        way_back,
        frozen,
        second_release,
    ),
)
