"""The story of a team at GitHub and Render: the same pages of the runbook, and what is different there."""

import json
from dataclasses import replace
from typing import Any

from staging_gate.demo import procedure_1, procedure_2, procedure_3, procedure_4, record
from staging_gate.demo.acts import (
    follow,
    follow_checks,
    live_release,
    merge,
    open_change,
    passed,
    refusal,
    succeeded,
    to_staging,
    verdicts,
    verified_in_staging,
    write,
)
from staging_gate.demo.telling import Chapter, Step, Story, expect, proper, step
from staging_gate.testing.polling import eventually

NOTICED_WITHIN = 30.0
"""Seconds: GitHub never delivers a webhook again, so the server looks by itself every ten."""


@step(
    "MarketEdge is pushed to GitHub; its services are set up at Render",
    "a webhook tells of it: its gate.yaml is the policy in force, for the services api and web",
)
def imported(story: Story) -> str:
    admin = story.people.admin
    admin.pushes("main", "main:staging")
    policy = json.loads(eventually(lambda: admin.tries("policy", "show").out, NOTICED_WITHIN, every=0.2))
    providers = {target["provider"] for service in policy["services"] for target in service["targets"].values()}
    return expect(providers == {"render"}, f"policy of {policy['product']}, everything at {', '.join(providers)}")


@step("Ada pushes to staging directly", "GitHub refuses: its rules want a pull request")
def pushed_directly(story: Story) -> str:
    ada = story.people.ada
    ada.begins("shortcut", at="staging")
    ada.git("commit", "--quiet", "--allow-empty", "--message", "feat: nobody has to look at this")
    said = ada.push_is_refused("shortcut:staging")
    return expect("through a pull request" in said, f"remote: {said}")


@step("Ben opens a pull request at GitHub", "it is a change by itself; both checks pass on the tree of the merge")
def good_change(story: Story) -> str:
    ben, at = story.people.ben, story.stage.providers
    assert at
    write(story, ben, "feature/today", "dashboard-title")
    asked = {"head": "feature/today", "base": "staging", "title": "feat: say that it is about today"}
    story.change = at.asks_github("ben", "POST", "/pulls", asked)["number"]
    with story.waiting("notice"):
        eventually(lambda: ben.tries("change", "show", str(story.change)).code == 0, NOTICED_WITHIN, every=0.2)
    view = follow_checks(story, ben, story.change)
    passed(view)
    return f"change {view['change']['number']} of {view['change']['author']}: {verdicts(view)}"


@step(
    "Ada approves it in a review at GitHub, Ben merges it", "her review counts; staging at Render deploys and proves it"
)
def merged(story: Story) -> str:
    at, number = story.stage.providers, str(story.change)
    assert at
    at.asks_github("ada", "POST", f"/pulls/{number}/reviews", {"event": "APPROVE", "body": "looks right"})
    with story.waiting("notice"):
        eventually(lambda: not _misses_approvals(story, number), NOTICED_WITHIN, every=0.2)
    return verified_in_staging(story, merge(story, story.people.ben, story.change))


@step(
    "Ada's migration follows the wrong one",
    "db-migrations runs them all on an empty database and fails; the gate refuses to merge",
)
def failing_migration(story: Story) -> str:
    ada = story.people.ada
    view = open_change(story, ada, "feature/sources", "two-heads")
    number = str(view["change"]["number"])
    said = refusal(ada.is_refused("change", "merge", number), "checks_failed")
    ada.does("change", "close", number, "--reason", "it has to follow the newest migration")
    return expect("db-migrations failed" in verdicts(view), f"{verdicts(view)}; {said}")


@step(
    "Ada's feature with a database migration goes the same way",
    "checked, reviewed, verified in staging, tested; Render's pre-deploy command migrates",
)
def second_feature(story: Story) -> str:
    people = story.people
    timeline = to_staging(story, people.ada, people.ben, "feature/price-alerts", "price-alerts")
    return f"{timeline['deployment']['id']} succeeded"


@step(
    "Dana orders `gate rollback v1.0.0 --through-provider`",
    "option B: Render puts back what it has built; what its database would say, nobody here has proved",
)
def rolled_back(story: Story) -> str:
    done = _rolled_back(story, "v1.0.0", "--switch-only", "--reason", "a customer needs the old list")
    triggers = [made["trigger"] for made in _deploys(story, "api")]
    return expect(
        live_release(story) == "v1.0.0" and triggers[0] == "rollback",
        f"{done['deployment']['id']} succeeded in {done['took'][0]['seconds']:.1f} s, by Render's {triggers[0]}; "
        f"production runs {live_release(story)}",
    )


@step("Ben merges at GitHub what nobody has reviewed", "it is on the record as merged behind our back")
def merged_by_hand(story: Story) -> str:
    ben, at = story.people.ben, story.stage.providers
    assert at
    ben.begins("feature/quietly", at="staging")
    ben.git("commit", "--quiet", "--allow-empty", "--message", "feat: nobody has to look at this either")
    ben.pushes("feature/quietly")
    asked = {"head": "feature/quietly", "base": "staging", "title": "feat: quietly"}
    number = at.asks_github("ben", "POST", "/pulls", asked)["number"]
    with story.waiting("notice"):
        eventually(lambda: ben.tries("change", "show", str(number)).code == 0, NOTICED_WITHIN, every=0.2)
    at.asks_github("ben", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"})
    with story.waiting("notice"):
        found = eventually(lambda: _merged_behind_our_back(story, number), NOTICED_WITHIN, every=0.5)
    return expect(bool(found), found)


@step("A webhook of GitHub gets lost", "the push is found by looking, all the same")
def lost_webhook(story: Story) -> str:
    people, at = story.people, story.stage.providers
    assert at
    view = open_change(story, people.ada, "feature/unheard", "failing-check")
    number, head = str(view["change"]["number"]), view["change"]["head"]["commit"]
    at.loses_a_webhook("github")
    people.ada.git("commit", "--quiet", "--allow-empty", "--message", "feat: say it again")
    people.ada.pushes("HEAD:feature/unheard")
    with story.waiting("notice"):
        moved = eventually(lambda: _moved(people.dana.asks("change", "show", number), head), NOTICED_WITHIN, every=0.5)
    people.ada.does("change", "close", number, "--reason", "it was only said")
    lost = at.figures()["webhooks"]["github"]["lost"]
    return expect(lost == 1, f"{lost} lost; change {number} is at {moved[:10]} nevertheless")


@step("All that was asked and told", "calls of the APIs, and webhooks with signatures that were taken")
def figures(story: Story) -> str:
    assert story.stage.providers
    found = story.stage.providers.figures()
    taken = {name: one["delivered"] for name, one in found["webhooks"].items()}
    said = [f"{found['calls'][name]} calls of {proper(name)}, {taken[name]} webhooks of it" for name in taken]
    return expect(all(taken.values()), "; ".join(said))


def _misses_approvals(story: Story, number: str) -> bool:
    reasons = json.loads(story.people.ben.tries("explain", number, "--json").out)["reasons"]
    return any(reason["code"] == "approvals_missing" for reason in reasons)


def _rolled_back(story: Story, tag: str, *more: str) -> dict[str, Any]:
    dana = story.people.dana
    begun = dana.asks("rollback", tag, "--through-provider", *more, "--no-wait")
    return succeeded(follow(story, dana, begun["id"]))


def _deploys(story: Story, service: str) -> list[dict[str, Any]]:
    """Of production at Render, the newest first."""
    at = story.stage.providers
    assert at
    found = at.asks_render("GET", f"/services/{at.services[service]['production']}/deploys")
    return [one["deploy"] for one in found]


def _merged_behind_our_back(story: Story, number: int) -> str:
    entries = map(json.loads, story.people.dana.does("audit", "show", f"change {number}", "--json").splitlines())
    found = next((one for one in entries if "behind our back" in f"{one['action']} {one['reason']}"), None)
    return f"{found['subject']}: {found['action']}, by {found['actor']}: {found['reason']}" if found else ""


def _moved(view: dict[str, Any], since: str) -> str:
    head = str(view["change"]["head"]["commit"])
    return "" if head == since else head


def _where_it_is_proved_only_live(step: Step) -> Step:
    """Render has no address for a candidate."""
    return replace(step, expected="it fails login through the public address, and Render's rollback takes it back")


CHAPTERS = (
    Chapter(
        "Procedure 1: a feature goes to staging, from GitHub to Render",
        (
            imported,
            pushed_directly,
            procedure_1.straight_to_main,
            procedure_1.failing_check,
            failing_migration,
            good_change,
            procedure_1.without_review,
            procedure_1.own_approval,
            merged,
            procedure_1.tested,
        ),
    ),
    Chapter(
        "Procedure 2: staging goes to production at Render",
        (
            procedure_2.opened,
            procedure_2.published_too_early,
            procedure_2.squashed,
            procedure_2.merged,
            procedure_2.first_release,
            second_feature,
            procedure_2.freeze,
            procedure_2.frozen,
            procedure_2.second_release,
        ),
    ),
    procedure_3.CHAPTER,
    Chapter(
        "Procedure 4: the way back, through the provider",
        (
            procedure_4.bad_feature,
            _where_it_is_proved_only_live(procedure_4.bad_release),
            procedure_4.published_again,
            procedure_4.hold_lifted,
            procedure_4.crashing_candidate,
            rolled_back,
        ),
    ),
    Chapter("Behind our back", (lost_webhook, merged_by_hand)),
    Chapter(record.CHAPTER.title, (*record.CHAPTER.steps, figures)),
)
