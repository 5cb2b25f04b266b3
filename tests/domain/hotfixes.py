"""A hotfix that has all it needs, and what closes the gate for others."""

from collections.abc import Mapping
from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Action, Facts, ReleaseFacts
from staging_gate.domain.hotfix import HotfixFacts
from staging_gate.domain.policy import Policy
from tests.domain.nouns import BEN, CHANGE, HELD, LIVE, POLICY, PRODUCTION, approval, check, checks

Given = tuple[Action, Facts, Actor, Policy]

HOTFIX = replace(CHANGE, source="hotfix/login", target="main", title="fix: login", hotfix_reason="nobody can log in")
PROVED = {name: replace(found, tree=HOTFIX.head.tree) for name, found in checks().items()}
READY = Facts(
    PRODUCTION,
    change=HOTFIX,
    source=HOTFIX.source,
    target="main",
    checks=PROVED,
    approvals=(approval("tess", "tech_lead"),),
    hotfix=HotfixFacts(LIVE, from_live=True),
    release=ReleaseFacts("", HOTFIX.head.commit, HOTFIX.head.tree, checks=PROVED, hotfix_reason="nobody can log in"),
)
ON_CALL = replace(POLICY, roles={**POLICY.roles, "on_call": ("ben", "ada")})


def _opening(live: Deployment | None) -> Given:
    known = Facts(PRODUCTION, source="hotfix/login", target="main", hotfix=HotfixFacts(live))
    return Action.OPEN_CHANGE, known, BEN, POLICY


def _merging(policy: Policy = POLICY, **over: object) -> Given:
    return Action.MERGE, replace(READY, **over), BEN, policy  # type: ignore[arg-type]


def _approved(*given: Approval, policy: Policy = POLICY) -> Given:
    return Action.PROVE, replace(READY, approvals=given), BEN, policy


CLOSED: Mapping[str, Given] = {
    "a hotfix of nothing": _opening(None),
    "a hotfix that does not start from production": _opening(LIVE),
    "a hotfix that production has left behind": _merging(hotfix=HotfixFacts(LIVE)),
    "a hotfix while production is deployed to": _merging(
        hotfix=HotfixFacts(LIVE, from_live=True, waits_for="production-3 is bringing v1.2.0 to production")
    ),
    "a hotfix that staging has not tried": _merging(),
    "a hotfix into held production": _merging(holds=(HELD,)),
    "a hotfix whose checks did not pass": _merging(checks={"zebra-smoke": check("zebra-smoke")}),
    "a hotfix approved as a review": _approved(approval()),
    "a hotfix approved by its author": _approved(approval("ada", "on_call"), policy=ON_CALL),
    "a hotfix that nobody may approve": _approved(policy=replace(POLICY, roles={})),
    "a hotfix that main conflicts with": _merging(
        change=replace(HOTFIX, preview=replace(CHANGE.preview, merged=None, conflicts=("app.py",)))  # type: ignore[type-var]
    ),
}
"""Each is one rule's no; merging also misses the proof in staging."""
