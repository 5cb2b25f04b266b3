"""What a target's settings say: previews and custom environments, protection, a team."""

from dataclasses import replace

import pytest

from staging_gate.ports.errors import Unavailable
from tests.adapters.vercel.connecting import DPL_1, PRODUCTION, TARGET, WEB, There

STAGING = {"environment": "preview", "domain": "staging.shop.example"}


@pytest.mark.parametrize(("environment", "built_for"), [("preview", None), ("qa", "env_1")])
def test_a_preview_gets_the_domain_and_is_never_promoted(there: There, environment: str, built_for: str | None) -> None:
    there.project.environments["qa"] = "env_1"
    there.project.says = {built_for: "production"}
    at = replace(TARGET, settings={**STAGING, "environment": environment})

    there.deploy(1, at)

    assert there.target.live(PRODUCTION, WEB, at).deployment == "production-1"
    assert (there.project.deployments[0].target, there.asked("promote")) == (built_for, [])
    assert there.project.leads == {"staging.shop.example": DPL_1}
    assert there.project.auto_assign is True


def test_a_preview_that_is_taken_back_to_nothing_leads_nowhere(there: There) -> None:
    there.project.says = {None: "production"}
    at = replace(TARGET, settings=STAGING)
    order = there.deploy(1, at)

    there.target.close_route(order)

    assert there.target.live(PRODUCTION, WEB, at).detail == "staging.shop.example leads to no deployment at Vercel"


def test_a_protected_candidate_is_asked_with_our_secret(there: There) -> None:
    there.project.protected = True
    at = replace(TARGET, settings={**TARGET.settings, "bypass": "env:VERCEL_BYPASS"})

    there.deploy(1, at)

    assert there.live() == "production-1"
    with pytest.raises(Unavailable) as protected:
        there.candidate(there.order(2))
    assert protected.value.message == (
        "Vercel's Deployment Protection keeps web from being proved at its own address: make a secret under "
        "Deployment Protection, Protection Bypass for Automation, and name it in gate.yaml: `bypass: env:NAME`."
    )


def test_a_secret_that_is_not_accepted_any_more(there: There) -> None:
    there.project.protected = True
    at = replace(TARGET, settings={**TARGET.settings, "bypass": "env:PRICE"})

    with pytest.raises(Unavailable) as protected:
        there.candidate(there.order(1, at=at))

    assert protected.value.message == (
        "Vercel's Deployment Protection does not accept our bypass for web: make a new one under Deployment "
        "Protection, Protection Bypass for Automation, and set the secret that `bypass` in gate.yaml names."
    )


def test_a_team_is_named_with_every_call(there: There) -> None:
    there.project.team = "team_zebra"
    at = replace(TARGET, settings={**TARGET.settings, "team": "team_zebra"})

    there.deploy(1, at)

    asked = [one for one in there.vercel.web.asked if not one.path.startswith("/served")]
    assert {one.query.get("teamId") for one in asked} == {"team_zebra"}
