"""Procedure 3 of the runbook: what can not wait goes into a freeze, and once even past staging."""

from typing import Any

from staging_gate.demo import product
from staging_gate.demo.acts import follow, follow_checks, live_release, merge, passed, refusal, succeeded
from staging_gate.demo.people import Person
from staging_gate.demo.telling import Chapter, Story, expect, step
from staging_gate.testing.polling import eventually

STARTS_WITHIN = 30.0


@step("Ada starts a hotfix from what production runs", "it is urgent, its size is shown, and its checks pass")
def opened(story: Story) -> str:
    story.change = _opened(story, story.people.ada, "large-prices", "thousands", "customers read 1200 pounds as 12")
    [shown] = story.people.dana.asks("hotfix", "list")
    size = shown["size"]
    labels = ", ".join(shown["change"]["labels"])
    return expect(size["files"] == 1, f"change {story.change}: {labels}; {size['files']} file, {size['lines']} lines")


@step("Tess approves it", "staging tries just this tree by itself, ahead of everything else")
def tried(story: Story) -> str:
    people = story.people
    people.tess.does("approve", str(story.change), "--as", "tech_lead")
    proof: dict[str, Any] = eventually(lambda: people.dana.asks("hotfix", "list")[0]["proof"], STARTS_WITHIN)
    timeline = succeeded(follow(story, people.dana, proof["id"]))
    return f"{proof['id']} succeeded in {timeline['took'][0]['seconds']:.1f} s: {proof['why']}"


@step("Ada merges it", "its reason takes it through the freeze, and it is released at once")
def released(story: Story) -> str:
    return _released(story, story.people.ada, "v1.1.1")


@step("Ben can not wait for staging with the next one", "refused: production gets nothing that staging has not tried")
def not_tried(story: Story) -> str:
    story.change = _opened(story, story.people.ben, "sold-by", "sold-by", "the law asks for it from today on")
    return refusal(story.people.ben.is_refused("change", "merge", str(story.change)), "not_verified_in_staging")


@step("Tess takes it on herself that staging is skipped", "a bypass of this one reason, once, on the record")
def past_staging(story: Story) -> str:
    tess, number = story.people.tess, str(story.change)
    given = tess.asks("bypass", number, "not_verified_in_staging", "--reason", "the fine is due at midnight")["bypass"]
    tess.does("approve", number, "--as", "tech_lead")
    said = _released(story, story.people.ben, "v1.1.2")
    [used] = [one["bypass"] for one in tess.asks("bypass", "list", "--all") if one["bypass"]["id"] == given["id"]]
    return expect(used["used_at"] is not None, f"{said}; {given['id']} of tess is used up, and is to be reviewed")


@step("Ben brings both back to staging", "the change from main to staging was opened by itself")
def brought_back(story: Story) -> str:
    people = story.people
    found = eventually(lambda: _back_merge(people.dana), STARTS_WITHIN)
    number = passed(follow_checks(story, people.dana, found["number"]))
    people.ben.does("approve", str(number))
    timeline = succeeded(merge(story, people.dana, number))
    people.tess.does("change", "tested", str(number), "--note", "both fixes are there")
    return f"change {number}, {found['title']!r}: {timeline['deployment']['id']} succeeded"


@step("Dana looks at what is left to do", "it was urgent: so there is something to write down, to review, to test")
def left_to_do(story: Story) -> str:
    found = story.people.dana.asks("followups")
    kinds = sorted({one["follow_up"]["kind"] for one in found})
    said = f"{len(found)} follow-ups: {', '.join(kinds).replace('_', ' ')}"
    return expect({"document", "review", "add_tests", "proper_fix"} <= set(kinds), said)


def _opened(story: Story, who: Person, name: str, overlay: str, reason: str) -> int:
    """A hotfix with its code, open and checked; the number of its change."""
    branch = who.asks("hotfix", "start", name)["branch"]
    story.now(f"{who.called} writes the fix and pushes {branch}")
    who.begins(branch, at=branch)
    product.apply(overlay, who.tree)
    who.pushes(branch)
    number = who.asks("hotfix", "open", name, "--reason", reason)["change"]["number"]
    return passed(follow_checks(story, who, number))


def _released(story: Story, who: Person, tag: str) -> str:
    """Merged, and live in production under this tag."""
    story.now(f"{who.called} merges change {story.change}")
    who.does("change", "merge", str(story.change))
    begun = eventually(lambda: _deployment_of(who, tag), STARTS_WITHIN)
    done = succeeded(follow(story, who, begun["id"]))
    story.released[tag] = done["deployment"]["revision"]["commit"]
    seconds, live = done["took"][0]["seconds"], live_release(story)
    return expect(live == tag, f"{begun['id']} succeeded in {seconds:.1f} s; production runs {live}")


def _deployment_of(who: Person, tag: str) -> dict[str, Any]:
    found = who.asks("deployment", "list", "--environment", "production")
    return next((one for one in found if one["release"] == tag), {})


def _back_merge(who: Person) -> dict[str, Any]:
    found = who.asks("change", "list")
    return next((one for one in found if one["source"] == "main" and one["state"] == "open"), {})


CHAPTER = Chapter(
    "Procedure 3: what can not wait",
    (opened, tried, released, not_tried, past_staging, brought_back, left_to_do),
)
