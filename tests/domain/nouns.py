"""Nouns for tests of the gate, as small as they can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change, ChangeState, MergePreview
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Facts, ReleaseFacts
from staging_gate.domain.policy import Lane, MergeMethod, Policy, Requirement
from staging_gate.domain.release import Hold, Quarantine, Release, ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.domain.way_back import WayBack, WayBackVerdict

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
HEAD, MERGED = Revision("a" * 40, "b" * 40), Revision("c" * 40, "d" * 40)
STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION

POLICY = Policy(
    product="marketedge",
    hash="1" * 64,
    services=(),
    staging=Lane(STAGING, "staging", checks=("zebra-smoke", "db-migrations"), approvals={"review": 1}),
    production=Lane(
        PRODUCTION,
        "main",
        approvals={"tech_lead": 1, "stakeholder": 1},
        merge=(MergeMethod.MERGE,),
        tags="v*",
        source="staging",
        requires=tuple(Requirement),
    ),
    people={name: f"{name}@marketedge.example" for name in ("ada", "ben", "tess", "stan", "dora")},
    roles={"tech_lead": ("tess",), "stakeholder": ("stan",), "devops": ("dora",)},
)
ADA = Actor("ada")
BEN = Actor("ben")
TESS = Actor("tess", roles=frozenset({"tech_lead"}))


def check(name: str, verdict: Verdict = Verdict.PASSED, summary: str = "31 passed") -> Check:
    return Check(MERGED.tree, name, verdict, AT, summary)


def checks(**verdicts: Verdict) -> dict[str, Check]:
    given = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    return {name: check(name, given.get(name, Verdict.PASSED)) for name in POLICY.staging.checks}


def approval(by: str = "ben", role: str = "review", **over: Any) -> Approval:
    return replace(Approval(f"7-{role}-{by}", 7, role, by, AT, HEAD.tree, POLICY.hash), **over)


CHANGE = Change(
    number=7,
    title="feat: dark mode",
    source="feature/dark-mode",
    target="staging",
    author="ada",
    head=HEAD,
    opened_at=AT,
    preview=MergePreview("e" * 40, HEAD.commit, MERGED),
)
RELEASE_CHANGE = replace(CHANGE, source="staging", target="main", release="v1.1.0", title="Release v1.1.0 - dark mode")
SHIPPED = replace(CHANGE, number=5, state=ChangeState.MERGED, merged=MERGED)

MERGEABLE = Facts(
    STAGING, change=CHANGE, source=CHANGE.source, target=CHANGE.target, checks=checks(), approvals=(approval(),)
)
PROMOTED = ReleaseFacts(
    tag="v1.1.0",
    commit=MERGED.commit,
    tree=MERGED.tree,
    release=Release("v1.1.0", "Release v1.1.0 - x", "notes", ReleaseState.MERGED, 7, "ada", AT, MERGED),
    greatest="v1.0.0",
    verified=Verification(STAGING, MERGED.tree, "staging-3", AT),
    included=(SHIPPED,),
    tested=frozenset({5}),
    checks=checks(),
)
PUBLISHABLE = Facts(PRODUCTION, release=PROMOTED)
RELEASABLE = Facts(
    PRODUCTION,
    change=RELEASE_CHANGE,
    source="staging",
    target="main",
    approvals=(approval("tess", "tech_lead"), approval("stan", "stakeholder")),
    release=replace(PROMOTED, greatest=None),
)
LIVE = Deployment(
    "production-2",
    PRODUCTION,
    DeploymentKind.DEPLOY,
    MERGED,
    DeploymentState.SUCCEEDED,
    "v1.1.0 was published by tess",
    "tess",
    AT,
    release="v1.1.0",
)
EARLIER = replace(LIVE, id="production-1", revision=HEAD, release="v1.0.0")
WAY = WayBack(MERGED.tree, HEAD.tree, WayBackVerdict.COMPATIBLE, AT, "staging-3")
BACK = Facts(PRODUCTION, live=LIVE, rollback_to=EARLIER, database=LIVE, way_back=WAY)
UNTRIED = replace(PUBLISHABLE, release=replace(PROMOTED, tested=frozenset()))
PASS = Bypass(
    "bypass-1a2b3c",
    "not_tested_by_a_person",
    "v1.1.0",
    MERGED.tree,
    "customers can not log in, cleo tries it in production",
    "tess",
    AT,
    AT + timedelta(hours=4),
)
HELD = Hold("hold-1a2b3c", "production", "the database is moved", "dora", AT)
BAD = Quarantine("v1.1.0", MERGED.tree, "prices are wrong", "dora", AT)
