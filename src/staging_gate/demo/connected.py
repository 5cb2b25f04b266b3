"""The story of a team at GitHub and Render: the same pages of the runbook, and what is different there."""

import json

from staging_gate.demo import procedure_1, procedure_2
from staging_gate.demo.telling import Chapter, Story, expect, step
from staging_gate.testing.polling import eventually

NOTICED_WITHIN = 30.0


@step(
    "MarketEdge is pushed to GitHub; its services are at Render",
    "a webhook tells of it: its gate.yaml is the policy in force, for the services api and web",
)
def imported(story: Story) -> str:
    admin = story.people.admin
    admin.pushes("main", "main:staging")
    policy = json.loads(eventually(lambda: admin.tries("policy", "show").out, NOTICED_WITHIN, every=0.2))
    targets = {target["provider"] for service in policy["services"] for target in service["targets"].values()}
    return expect(targets == {"render"}, f"policy of {policy['product']}, everything at {', '.join(targets)}")


PROCEDURE_1 = Chapter(
    "Procedure 1: a feature goes to staging at Render",
    (
        imported,
        procedure_1.good_change,
        procedure_1.without_review,
        procedure_1.own_approval,
        procedure_1.merged,
        procedure_1.tested,
    ),
)

PROCEDURE_2 = Chapter(
    "Procedure 2: staging goes to production at Render",
    (
        procedure_2.opened,
        procedure_2.published_too_early,
        procedure_2.squashed,
        procedure_2.merged,
        procedure_2.first_release,
    ),
)

CHAPTERS = (PROCEDURE_1, PROCEDURE_2)
