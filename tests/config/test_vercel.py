"""Targets at Vercel, as gate.yaml says them."""

from staging_gate.config import YamlPolicyReader
from staging_gate.domain.environment import Environment
from tests.config.policies import edited

PROJECT = "prj_XLKmu1DyR1eY"


def test_previews_for_staging_and_production_of_one_project() -> None:
    text = edited(
        ("local: {port: 8001}", f"vercel: {{project: {PROJECT}, domain: staging.shop.example, bypass: env:BYPASS}}"),
        ("local: {port: 8000}", f"vercel: {{project: {PROJECT}, team: team_1a2b3c4d, environ: {{MODE: fast}}}}"),
    )

    service = YamlPolicyReader().read(text.encode(), "gate.yaml").services[0]

    staging, production = (service.target(environment) for environment in Environment)
    assert (staging.provider, staging.identity) == ("vercel", PROJECT)
    assert staging.settings == {"environment": "preview", "domain": "staging.shop.example", "bypass": "env:BYPASS"}
    assert staging.for_smoke == {"VERCEL_AUTOMATION_BYPASS_SECRET": "env:BYPASS"}
    assert production.settings == {"environment": "production", "team": "team_1a2b3c4d"}
    assert (production.environ, production.for_smoke) == ({"MODE": "fast"}, {})
