"""What is said about the rules at GitHub, with what it is said about."""

from collections.abc import Callable
from typing import Any

from staging_gate.domain.delivery import Lag, Look
from staging_gate.domain.exposure import Exposure
from staging_gate.domain.protection import (
    ADMINISTRATORS,
    Mode,
    Passer,
    PasserKind,
    PullRequestRule,
    Ruleset,
    lanes_before_policy,
    wanted,
)
from staging_gate.domain.webhook import Fault, Webhook
from staging_gate.messages import hooks, protection, webhook
from tests.domain.nouns import AT

APP = Passer(PasserKind.APP, 99, name="gate")
TEAM = Passer(PasserKind.TEAM, 12, Mode.UNSEEN)
RULES = wanted(lanes_before_policy("staging", "main"), APP, 99, [Passer(PasserKind.PERSON, 5, name="tess")])
STRANGE = Ruleset("x", False, (), pull_request=PullRequestRule(2, more=frozenset({"a_rule"})), passers=None)
CODES = ("off", "unbound", "stale", "methods", "auto_delete", "workflows_write", "workflows_approve", "person")
FOUND = [
    *(Exposure(what, "main") for what in ("push", "merge", "force", "delete")),
    *(Exposure(what, "a tag like v*") for what in ("create", "move", "delete")),
    Exposure("push", "main", (APP, TEAM, ADMINISTRATORS)),
    Exposure("push", "main", unknown=True),
    *(Exposure(code, "staging", detail="this") for code in CODES),
]

HOOKS = [
    Webhook("https://gate.example.com/hooks/github", frozenset({"push", "status"})),
    Webhook("https://gate.example.com/hooks/github", frozenset({"*"}), False, False, False, answered=401),
    Webhook("https://gate.example.com/hooks/github", frozenset(), has_secret=False),
]

SAID: dict[Callable[..., Any], list[tuple[Any, ...]]] = {
    protection.exposed: [(one,) for one in FOUND],
    protection.remedy: [(one,) for one in FOUND],
    protection.summed_up: [([],), (FOUND[:1],), (FOUND,)],
    protection.fields: [(one,) for one in (*RULES, STRANGE)],
    protection.passer: [(APP,), (TEAM,), (Passer(PasserKind.DEPLOY_KEYS),), (Passer(PasserKind.PERSON, 5),)],
    protection.by_hand: [(RULES,)],
    protection.no_github: [()],
    protection.not_yours: [("ada", ("devops", "admin"))],
    protection.changed_meanwhile: [()],
    protection.unknown_person: [("tess",)],
    protection.as_person: [("ada",)],
    webhook.said: [(Fault(code, "this"),) for code in webhook.SENTENCES],
    webhook.remedy: [(Fault(code),) for code in webhook.SENTENCES],
    webhook.summed_up: [([],), ([Fault("inactive"), Fault("events", "push")],)],
    webhook.fields: [(one, of_app) for one in HOOKS for of_app in (False, True)],
    webhook.lacking: [(["GATE_HOOK_GITHUB"],), (["GATE_ADDRESS"],)],
    webhook.not_shown: [("No.",)],
    webhook.app_has_none: [()],
    webhook.app_is_not_told: [(["status", "push"],)],
    webhook.app_keeps_it: [()],
    webhook.by_hand: [(HOOKS[0],)],
    hooks.mend: [(Lag("github", None),), (Lag("github", None, look=Look("github", AT, None, "No.")),)],
}
