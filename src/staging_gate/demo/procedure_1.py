"""Procedure 1 of the runbook: a feature goes to staging, and what does not get there."""

import json

from staging_gate.demo.acts import merge, open_change, passed, refusal, verdicts, verified_in_staging, visit
from staging_gate.demo.telling import Chapter, Story, expect, step


@step("The sample product MarketEdge is imported", "its gate.yaml is the policy in force, for the services api and web")
def imported(story: Story) -> str:
    admin = story.people.admin
    admin.pushes("main", "main:staging")
    policy = json.loads(admin.does("policy", "show"))
    names = [service["name"] for service in policy["services"]]
    return expect(names == ["api", "web"], f"policy of {policy['product']}, for {' and '.join(names)}")


@step("Ada pushes to staging directly", "the server refuses and says what to do instead")
def pushed_directly(story: Story) -> str:
    ada = story.people.ada
    ada.begins("shortcut", at="staging")
    ada.git("commit", "--quiet", "--allow-empty", "--message", "feat: nobody has to look at this")
    said = ada.push_is_refused("shortcut:staging")
    return expect("staging is protected" in said and "gate change open" in said, f"remote: {said}")


@step("Ada asks to merge her branch straight into main", "refused: main takes only staging and hotfixes")
def straight_to_main(story: Story) -> str:
    ada = story.people.ada
    ada.pushes("shortcut:feature/shortcut")
    return refusal(ada.is_refused("change", "open", "feature/shortcut", "--to", "main"), "wrong_way")


@step("Ada's fix breaks a test", "zebra-smoke fails, and the gate refuses to merge")
def failing_check(story: Story) -> str:
    ada = story.people.ada
    view = open_change(story, ada, "fix/sellers", "failing-check")
    number = str(view["change"]["number"])
    said = refusal(ada.is_refused("change", "merge", number), "checks_failed")
    ada.does("change", "close", number, "--reason", "the test is right")
    return expect("zebra-smoke failed" in verdicts(view), f"{verdicts(view)}; {said}")


@step("Ada's migration follows the wrong one", "db-migrations names file and line, and the gate refuses to merge")
def failing_migration(story: Story) -> str:
    ada = story.people.ada
    view = open_change(story, ada, "feature/sources", "two-heads")
    number = str(view["change"]["number"])
    found = next(check["summary"] for check in view["checks"] if check["name"] == "db-migrations")
    said = refusal(ada.is_refused("change", "merge", number), "checks_failed")
    ada.does("change", "close", number, "--reason", "it has to follow the newest migration")
    return expect(found.startswith("migrations/versions/0003_price_source.py:7: 2 heads: "), f"{found}; {said}")


@step("Ben opens a change that is well", "both checks pass on the tree that the merge will have")
def good_change(story: Story) -> str:
    view = open_change(story, story.people.ben, "feature/today", "dashboard-title")
    story.change = passed(view)
    return f"change {story.change}: {verdicts(view)}"


@step("Ben merges it without a review", "refused: somebody else has to approve it first")
def without_review(story: Story) -> str:
    return refusal(story.people.ben.is_refused("change", "merge", str(story.change)), "approvals_missing")


@step("Ben approves it himself", "refused: the author's approval never counts")
def own_approval(story: Story) -> str:
    return refusal(story.people.ben.is_refused("approve", str(story.change)), "own_change")


@step("Ada approves it, Ben merges it", "staging deploys it by itself and proves it: health, revision, smoke tests")
def merged(story: Story) -> str:
    people = story.people
    people.ada.does("approve", str(story.change), "--comment", "looks right")
    return verified_in_staging(story, merge(story, people.ben, story.change))


@step("Tess tries it in staging", "the page shows the change, and her word goes on the record")
def tested(story: Story) -> str:
    page = visit(story.stage.public["staging.web"])
    expect("<h1>Markets today</h1>" in page, "the front page does not show it")
    return story.people.tess.does("change", "tested", str(story.change), "--note", "the title says today").strip()


CHAPTER = Chapter(
    "Procedure 1: a feature goes to staging",
    (
        imported,
        pushed_directly,
        straight_to_main,
        failing_check,
        failing_migration,
        good_change,
        without_review,
        own_approval,
        merged,
        tested,
    ),
)
