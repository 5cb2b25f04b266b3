"""Procedure 4 of the runbook: the way back, by itself, by command and by tag."""

import json
from datetime import datetime

from staging_gate.demo.acts import (
    follow,
    health,
    live_release,
    open_change,
    passed,
    prepare,
    publish,
    refusal,
    succeeded,
    to_staging,
)
from staging_gate.demo.acts import merge as merge_change
from staging_gate.demo.people import Deviation
from staging_gate.demo.telling import Chapter, Story, expect, step
from staging_gate.testing.polling import eventually

HEARD_WITHIN = 30.0


@step("Ada needs a setting that only staging has", "nothing shows it yet: the checks pass, staging is verified")
def bad_feature(story: Story) -> str:
    people = story.people
    timeline = to_staging(story, people.ada, people.ben, "feature/callback", "missing-variable")
    return f"{timeline['deployment']['id']} succeeded, verified in staging"


@step("Dana publishes v1.2.0", "it passes beside what is live, fails login through the public address, and goes back")
def bad_release(story: Story) -> str:
    dana = story.people.dana
    tag = prepare(story)
    story.people.tess.does("bypass", tag, "freeze", "--reason", "the call-back is promised for today")
    broken = publish(story, tag)["deployment"]
    login = next((line for line in broken["evidence"].splitlines() if line.startswith("login: FAILED")), "")
    said = f"{broken['id']} {broken['state'].replace('_', ' ')}: {login.partition('. ')[0] or broken['failure']}"
    public = "through the public address" in broken["failure"]
    expect(broken["state"] == "rolled_back" and public and bool(login), said)
    rollback = next(one for one in dana.asks("deployment", "list") if one["undoes"] == broken["id"])
    back = succeeded(follow(story, dana, rollback["id"]))["deployment"]
    story.rollback_ms = _milliseconds(story, "v1.1.2", _verdict_at(story, broken["id"]))
    return expect(
        back["release"] == live_release(story) == "v1.1.2",
        f"{said}; {back['release']} answered again {story.rollback_ms:.0f} ms after this verdict",
    )


@step("Dana publishes v1.2.0 again", "refused: it is in quarantine, and production is on hold")
def published_again(story: Story) -> str:
    return refusal(story.people.dana.is_refused("release", "publish", "v1.2.0"), "quarantined", "hold")


@step("Dana has looked and lifts the hold", "it needs a name and a reason, and the quarantine stays")
def hold_lifted(story: Story) -> str:
    dana = story.people.dana
    [hold] = dana.asks("hold", "list")["holds"]
    dana.does("hold", "lift", hold["id"], "--reason", "v1.1.2 is well, v1.2.0 stays away")
    reasons = dana.is_refused("release", "publish", "v1.2.0")
    return expect("hold" not in reasons, f"{hold['id']} is lifted; publishing is {refusal(reasons, 'quarantined')}")


@step("Ben merges code that crashes when it starts", "the candidate never gets traffic; staging stays as it is")
def crashing_candidate(story: Story) -> str:
    people, staging = story.people, story.stage.public["staging.api"]
    before = health(staging)
    number = passed(open_change(story, people.ben, "feature/archive", "crash-on-import"))
    people.ada.does("approve", str(number))
    failed = merge_change(story, people.ben, number)["deployment"]
    said = f"{failed['id']} {failed['state'].replace('_', ' ')}: {failed['failure']}"
    # A provider starts what it switches to: so there it goes back with all services, also those that had moved.
    ends = "rolled_back" if story.stage.providers else "failed"
    expect(failed["state"] == ends and "KeyError" in failed["evidence"], said)
    return expect(health(staging) == before, f"{said} Staging still runs {before['revision'][:10]}")


ROLL_BACK = ("rollback", "v1.0.0", "--reason", "a customer needs the old list", "--no-wait")


@step("Dana orders `gate rollback v1.0.0`", "refused: nobody knows whether it works on the database of today")
def rollback_refused(story: Story) -> str:
    return refusal(story.people.dana.is_refused(*ROLL_BACK), "way_back_unknown")


@step("Dana has that tried: `gate way-back prove --to v1.0.0`", "v1.0.0 works on a clone; no hold stops the rollback")
def rolled_back(story: Story) -> str:
    dana = story.people.dana
    with story.waiting("ways back"):
        said = dana.asks("way-back", "prove", "--to", "v1.0.0", "--wait")["said"]
    begun = dana.asks(*ROLL_BACK)
    done = succeeded(follow(story, dana, begun["id"]))
    seconds = done["took"][0]["seconds"]
    return expect(
        live_release(story) == "v1.0.0",
        f"{said} {begun['id']} succeeded in {seconds:.1f} s; production runs {live_release(story)}",
    )


@step("Dana pushes the tag v1.1.2-rollback", "its quarantine lifted by name, production runs v1.1.2 again")
def rolled_back_by_tag(story: Story) -> str:
    dana = story.people.dana
    before = _newest(story)
    dana.does("release", "lift", "v1.1.2", "--reason", "the customer has what they need")
    dana.git("tag", "--annotate", "--message", "The old list is not needed any more", "v1.1.2-rollback", "HEAD")
    dana.pushes("v1.1.2-rollback")
    newest = eventually(lambda: _newest(story, but=before), HEARD_WITHIN, every=0.1)
    done = succeeded(follow(story, dana, newest))["deployment"]
    return expect(
        done["kind"] == "rollback" and live_release(story) == "v1.1.2",
        f"{done['id']} succeeded; production runs {live_release(story)}",
    )


def _newest(story: Story, but: str = "") -> str:
    """The deployment to production that was ordered last; nothing where it is still that one."""
    newest = str(story.people.dana.asks("deployment", "list", "--environment", "production")[0]["id"])
    return "" if newest == but else newest


def _verdict_at(story: Story, deployment: str) -> float:
    """When the failed verdict of this deployment was written, in seconds since 1970."""
    for entry in map(json.loads, story.people.dana.does("audit", "show", deployment, "--json").splitlines()):
        if entry["action"] == "deployment rolled_back":
            return datetime.fromisoformat(entry["at"]).timestamp()
    raise Deviation(f"the record does not say that {deployment} was rolled back")


def _milliseconds(story: Story, tag: str, since: float) -> float:
    """From a moment to the first complete answer of a release, as a client of production has seen it."""
    answer = story.seen(tag, since)
    if answer is None:
        raise Deviation(f"nobody has got an answer of {tag} since the verdict")
    return (answer.done - since) * 1000


CHAPTER = Chapter(
    "Procedure 4: the way back",
    (
        bad_feature,
        bad_release,
        published_again,
        hold_lifted,
        crashing_candidate,
        rollback_refused,
        rolled_back,
        rolled_back_by_tag,
    ),
)
