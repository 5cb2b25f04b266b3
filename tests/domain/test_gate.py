"""The gate, rule by rule: what closes it, what each reason says, and that nothing else decides."""

import re
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate.domain import gate
from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.calendar import Calendar, WeeklyWindow
from staging_gate.domain.change import ChangeState, MergePreview
from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import DeploymentKind
from staging_gate.domain.gate import Action, Facts, Reason, UnderWay, evaluate
from staging_gate.domain.gate.rules.approvals import count, why_not
from staging_gate.domain.incident import Incident, Severity
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.policy import LargeRelease, MergeMethod, Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages.decisions import lines
from tests.domain import going_back, hotfixes, pull_requests
from tests.domain.nouns import (
    ADA,
    AT,
    BACK,
    BAD,
    BEN,
    CHANGE,
    HELD,
    LIVE,
    MERGEABLE,
    PASS,
    POLICY,
    PRODUCTION,
    PROMOTED,
    PUBLISHABLE,
    RELEASABLE,
    RELEASE_CHANGE,
    SHIPPED,
    STAGING,
    TESS,
    UNTRIED,
    approval,
    checks,
)
from tests.messages.said_migrations import REWRITE

ROOT = Actor("root", roles=frozenset({"admin"}))


@dataclass(frozen=True)
class Case:
    action: Action
    facts: Facts
    actor: Actor = BEN
    policy: Policy | None = POLICY

    def reasons(self) -> tuple[Reason, ...]:
        return evaluate(self.policy, self.facts, self.action, self.actor, AT).reasons


def opening(source: str, target: str) -> Case:
    return Case(Action.OPEN_CHANGE, Facts(STAGING, source=source, target=target))


def approving(actor: Actor, role: str, **over: object) -> Case:
    return Case(Action.APPROVE, Facts(STAGING, change=replace(CHANGE, **over), intent_role=role), actor)  # type: ignore[arg-type]


def merging(**over: object) -> Case:
    return Case(Action.MERGE, replace(MERGEABLE, **over))  # type: ignore[arg-type]


def merging_release(**over: object) -> Case:
    return Case(Action.MERGE, replace(RELEASABLE, **over), TESS)  # type: ignore[arg-type]


def publishing(actor: Actor = TESS, **over: object) -> Case:
    return Case(Action.PUBLISH, replace(PUBLISHABLE, release=replace(PROMOTED, **over)), actor)  # type: ignore[arg-type]


def in_state(state: ReleaseState) -> Case:
    assert PROMOTED.release
    return publishing(release=replace(PROMOTED.release, state=state), tag_at=PROMOTED.commit)


def published(tag_at: str | None) -> Case:
    """A release that is out, whose deployment is decided anew."""
    assert PROMOTED.release
    release = replace(PROMOTED.release, state=ReleaseState.PUBLISHED)
    return replace(publishing(release=release, tag_at=tag_at), action=Action.DEPLOY)


assert PROMOTED.release
UNDER_WAY = PROMOTED.release


def editing(**over: object) -> Case:
    release = replace(UNDER_WAY, **over)  # type: ignore[arg-type]
    return Case(Action.EDIT, replace(PUBLISHABLE, release=replace(PROMOTED, release=release)), TESS)


def rolling_back(actor: Actor = TESS, **over: object) -> Case:
    return Case(Action.ROLL_BACK, replace(BACK, **over), actor)  # type: ignore[arg-type]


def bypassing(code: str, actor: Actor = TESS, **over: object) -> Case:
    """Of v1.1.0, which nobody tried in staging and whose tag is not greater."""
    closed = publishing(tested=frozenset(), greatest="v1.10.0").reasons()
    known = replace(PUBLISHABLE, intent_code=code, closed_by=closed)
    return Case(Action.BYPASS, replace(known, **over), actor)  # type: ignore[arg-type]


OPEN = {
    "a feature to staging": opening("feature/x", "staging"),
    "a hotfix to main": opening("hotfix/x", "main"),
    "staging to main": opening("staging", "main"),
    "main back to staging": opening("main", "staging"),
    "a review by another": approving(BEN, "review"),
    "a stakeholder's yes to what staging runs": Case(
        Action.APPROVE, Facts(STAGING, intent_role="stakeholder"), Actor("stan", roles=frozenset({"stakeholder"}))
    ),
    "a yes in a role of one's own": approving(TESS, "tech_lead"),
    "a change that has all it needs": merging(),
    "a release that has all it needs": merging_release(),
    "who began to merge goes on": merging(change=replace(CHANGE, merged_by="ben", merge_requested_at=AT)),
    "the change that brings the first rules": replace(merging(adds_policy=True), policy=None, actor=ROOT),
    "a tech lead agreed to another proof": merging(
        proof_touched=("smoke/api.py",), approvals=(approval(), approval("tess", "tech_lead"))
    ),
    "a release to be published": publishing(),
    "who began to publish goes on": publishing(release=replace(UNDER_WAY, published_by="tess")),
    "the words of a release by who opened it": replace(editing(), actor=ADA),
    "the words of a release by a tech lead": editing(state=ReleaseState.PROPOSED),
    "its tag is there already, at the same commit": publishing(tag_at=PROMOTED.commit),
    "an older tag that is no release": publishing(greatest=None),
    "a deployment that the system begins": replace(publishing(SYSTEM), action=Action.DEPLOY),
    "a hold on another environment": replace(
        publishing(), facts=replace(PUBLISHABLE, holds=(replace(HELD, environment="staging"),))
    ),
    "a rollback": rolling_back(),
    "a rollback under a hold": rolling_back(holds=(HELD,)),
    "a rollback while its target can not be reached": rolling_back(target_problems=("port taken",)),
    "who is on call rolls back": rolling_back(Actor("eve", roles=frozenset({"on_call"}))),
    "a rollback of a rollback by a person": rolling_back(live=replace(LIVE, kind=DeploymentKind.ROLLBACK)),
    "a rollback by the system": rolling_back(SYSTEM),
    "who may hold": Case(Action.HOLD, Facts(STAGING), TESS),
    "who may lift": Case(Action.LIFT, Facts(STAGING), TESS),
    "what is live once more": Case(Action.DEPLOY, Facts(PRODUCTION, again=LIVE), TESS),
    "who opened an incident": Case(Action.RESOLVE, Facts(STAGING, incident=Incident(1, Severity.P1, "x", "ben", AT))),
    "a tech lead lets a reason be passed": bypassing("not_tested_by_a_person"),
    "a bypass of one's own is withdrawn": Case(Action.WITHDRAW, Facts(PRODUCTION, bypass=replace(PASS, by="ben"))),
    "a reason that is passed": replace(
        publishing(tested=frozenset()), facts=replace(UNTRIED, bypasses=(replace(PASS, by="ben"), PASS))
    ),
    "staging is everybody's to deploy again": Case(Action.DEPLOY, Facts(STAGING)),
    **{name: Case(*given) for name, given in going_back.OPEN.items()},
    **{name: Case(*given) for name, given in pull_requests.OPEN.items()},
}

CLOSED = {
    "no rules yet": replace(opening("feature/x", "staging"), policy=None),
    "a feature to main": opening("feature/x", "main"),
    "a branch to itself": opening("staging", "staging"),
    "a branch that nothing follows": opening("feature/x", "develop"),
    "one's own change": approving(ADA, "review"),
    "one pushed last": approving(BEN, "review", last_pusher="ben"),
    "a role of others": approving(BEN, "tech_lead"),
    "a role that nobody has": approving(BEN, "security"),
    "approving what is closed": approving(BEN, "review", state=ChangeState.CLOSED),
    "merging what is merged": merging(change=replace(CHANGE, state=ChangeState.MERGED)),
    "a merge while a release is prepared": merging(
        under_way=(UnderWay(Release("v1.1.0", "Release v1.1.0", "notes", ReleaseState.MERGED, 7, "ada", AT), SHIPPED),)
    ),
    "a major that nobody was told of": publishing(tag="v2.0.0"),
    "a broken gate.yaml": merging(policy_problems=("gate.yaml:3:1: product: wanted a name, found 7",)),
    "somebody merges already": merging(change=replace(CHANGE, merged_by="tess", merge_requested_at=AT)),
    "a release squashed": merging_release(intent_method=MergeMethod.SQUASH),
    "a back-merge squashed": merging(
        change=replace(CHANGE, source="main"), source="main", intent_method=MergeMethod.SQUASH
    ),
    "files in conflict": merging(
        change=replace(CHANGE, preview=MergePreview("e" * 40, "a" * 40, None, ("app/main.py", "app/log.py")))
    ),
    "a check failed": merging(checks=checks(zebra_smoke=Verdict.FAILED)),
    "a check errored": merging(checks=checks(zebra_smoke=Verdict.ERRORED)),
    "a check is missing": merging(checks={}),
    "a check was skipped": merging(checks=checks(db_migrations=Verdict.SKIPPED)),
    "a check is pending": merging(checks=checks(db_migrations=Verdict.PENDING)),
    "another proof": merging(proof_touched=("smoke/api.py", "gate.yaml: services")),
    "no approval": merging(approvals=()),
    "approvals that do not count": merging(
        approvals=(
            approval("ada"),
            approval("ben", tree="9" * 40),
            approval("ben", policy_hash="9" * 64),
            approval("ben", withdrawn_at=AT),
            approval("ben", "tech_lead"),
        )
    ),
    "approvals that are too old": merging(approvals=(approval(at=AT - timedelta(days=8)),)),
    "approvals from before other migrations": merging(
        change=replace(CHANGE, migrations="2" * 64), approvals=(approval(migrations="3" * 64),)
    ),
    "one person with two roles": replace(
        merging(approvals=(approval("tess"), approval("tess", "tech_lead"))),
        policy=replace(POLICY, staging=replace(POLICY.staging, approvals={"tech_lead": 1, "review": 1})),
    ),
    "a role of staging that one has not": Case(Action.APPROVE, Facts(STAGING, intent_role="stakeholder")),
    "a release without its approvals": merging_release(approvals=(approval("ben"),)),
    "main is ahead": merging_release(main_ahead=("1111111111 fix: login", "2222222222 fix: logout")),
    "quarantined": replace(publishing(), facts=replace(PUBLISHABLE, quarantines=(BAD,))),
    "quarantined under another tag": replace(
        publishing(), facts=replace(PUBLISHABLE, quarantines=(replace(BAD, tag="v1.0.9"),))
    ),
    "what is live and quarantined once more": Case(
        Action.DEPLOY, Facts(PRODUCTION, again=LIVE, quarantines=(BAD,)), TESS
    ),
    "not verified in staging": publishing(verified=None),
    "not tested by a person": publishing(tested=frozenset()),
    "a critical bug": publishing(critical_bugs=("P1 incident 3: login fails",)),
    "critical bugs unknown": publishing(critical_bugs=None),
    "migrations never checked": publishing(checks={}),
    "migrations that failed": publishing(checks=checks(db_migrations=Verdict.FAILED)),
    "no right to publish": publishing(BEN),
    "no right to roll back": rolling_back(BEN),
    "no right to hold": Case(Action.HOLD, Facts(STAGING), BEN),
    "no right to lift": Case(Action.LIFT, Facts(STAGING), BEN),
    "nobody lifts": Case(Action.LIFT, Facts(STAGING), SYSTEM),
    "no right to deploy again": replace(publishing(BEN), action=Action.DEPLOY),
    "to staging what is not merged": Case(Action.DEPLOY, Facts(STAGING, unmerged="a" * 40), BEN),
    "no right to resolve": Case(Action.RESOLVE, Facts(STAGING, incident=Incident(1, Severity.P1, "x", "ada", AT))),
    "no semantic tag": publishing(tag="1.1.0"),
    "a rollback tag as a release": publishing(tag="v1.1.0-rollback"),
    "a tag of another policy": replace(
        publishing(tag="v2.0.0", greatest=None),
        policy=replace(POLICY, production=replace(POLICY.production, tags="v1.*")),
    ),
    "a tag elsewhere": publishing(tag_at="f" * 40),
    "a release that another publishes": publishing(release=replace(UNDER_WAY, published_by="dora")),
    "editing what is published": editing(state=ReleaseState.PUBLISHED),
    "editing what is being published": editing(published_by="dora"),
    "editing what was withdrawn": editing(state=ReleaseState.WITHDRAWN),
    "no right to edit": replace(editing(), actor=BEN),
    "a tag that was moved": published("f" * 40),
    "a tag that was deleted": published(None),
    "a release that was overtaken by a fix": publishing(tag="v1.3.0", greatest="v1.2.1", lacks="v1.2.1"),
    "a pre-release": publishing(tag="v1.1.0-rc.1"),
    "what only looks like a rollback tag": publishing(tag="v1.1.0-rollback.0"),
    "a lightweight tag": publishing(tag_at=PROMOTED.commit, annotated=False),
    "a tag off main": publishing(on_main=False),
    "a tag that is not greater": publishing(greatest="v1.10.0"),
    "not merged": in_state(ReleaseState.PROPOSED),
    "withdrawn": in_state(ReleaseState.WITHDRAWN),
    "published already": in_state(ReleaseState.VERIFIED),
    "held": replace(publishing(), facts=replace(PUBLISHABLE, holds=(HELD, replace(HELD, id="hold-2", by="tess")))),
    "a target out of reach": replace(
        publishing(), facts=replace(PUBLISHABLE, target_problems=("api: Port 8100 is already used by nginx: free it.",))
    ),
    "a migration that shuts people out": publishing(migrations=(MigrationReport("api", (REWRITE,)),)),
    "a bypass by somebody without the role": bypassing("not_tested_by_a_person", BEN),
    "a bypass of one's own release": bypassing("not_tested_by_a_person", Actor("ada", roles=frozenset({"tech_lead"}))),
    "a bypass of what is never passed": bypassing("tag_not_greater"),
    "a bypass of what is passed already": bypassing("not_tested_by_a_person", closed_by=(), bypasses=(PASS,)),
    "a bypass of what does not close the gate": bypassing("freeze"),
    "a bypass where nothing can be passed": bypassing("freeze", closed_by=()),
    "withdrawing the bypass of another": Case(Action.WITHDRAW, Facts(PRODUCTION, bypass=PASS)),
    "a bypass that is over": replace(
        publishing(tested=frozenset()),
        facts=replace(
            UNTRIED,
            bypasses=(
                replace(PASS, expires_at=AT),
                replace(PASS, used_at=AT, used_for="production-3"),
                replace(PASS, withdrawn_at=AT),
                replace(PASS, code="freeze"),
            ),
        ),
    ),
    "outside the windows of production": replace(
        publishing(),
        policy=replace(POLICY, calendar=Calendar(production_windows=(WeeklyWindow((1,), time(10), time(16)),))),
    ),
    "nothing was ever verified": rolling_back(rollback_to=None, live=None),
    "nothing else is there to go back to": rolling_back(rollback_to=None),
    "a release that was never verified": rolling_back(rollback_to=None, rollback_name="v0.9.0"),
    "back to a quarantined release": rolling_back(quarantines=(replace(BAD, tag="v1.0.0"),)),
    "a rollback of a rollback by the system": rolling_back(
        SYSTEM,
        live=replace(LIVE, id="production-3", kind=DeploymentKind.ROLLBACK, why="rollback to v1.1.0: it is slow"),
    ),
    "back to what is live": rolling_back(rollback_to=LIVE),
    **{
        name: Case(*given)
        for name, given in (*hotfixes.CLOSED.items(), *going_back.CLOSED.items(), *pull_requests.CLOSED.items())
    },
}


@pytest.mark.parametrize("name", OPEN)
def test_open(name: str) -> None:
    assert OPEN[name].reasons() == ()


@pytest.mark.parametrize("name", CLOSED)
def test_closed(name: str, snapshot: SnapshotAssertion) -> None:
    """Every sentence is kept in __snapshots__: read them there; --snapshot-update after a change."""
    case = CLOSED[name]

    assert "\n".join(lines(evaluate(case.policy, case.facts, case.action, case.actor, AT))) == snapshot


@pytest.mark.parametrize("name", CLOSED)
def test_every_no_says_what_is_wrong_and_what_to_do_next(name: str) -> None:
    for reason in CLOSED[name].reasons():
        assert reason.sentence.strip() and reason.opens_when.strip()
        assert reason.opens_when.endswith(".")
        assert "None" not in reason.sentence + reason.opens_when


def test_every_reason_that_is_written_is_proved() -> None:
    """Codes are found in the rules' source; those made at run time begin with what stands before the brace."""
    rules = Path(gate.__file__).parent / "rules"
    source = "".join(file.read_text() for file in sorted(rules.glob("*.py")))
    written = re.findall(r"Reason\(\s*(f?)\"([a-z_]+)", source)
    given = {reason.code for case in CLOSED.values() for reason in case.reasons()}

    unproved = [
        code for made, code in written if not any(found == code or (made and found.startswith(code)) for found in given)
    ]
    assert len(written) > 25
    assert unproved == []


def test_all_reasons_are_given_at_once_in_the_order_of_the_rules() -> None:
    nothing_right = replace(
        RELEASABLE,
        main_ahead=("1111111111 fix",),
        approvals=(),
        intent_method=MergeMethod.SQUASH,
        quarantines=(BAD,),
        release=replace(PROMOTED, verified=None, tested=frozenset(), critical_bugs=None, checks={}),
    )
    assert evaluate(POLICY, nothing_right, Action.MERGE, TESS, AT).codes == (
        "merge_method",
        "approvals_missing",
        "back_merge_open",
        "quarantined",
        "not_verified_in_staging",
        "not_tested_by_a_person",
        "critical_bugs_unknown",
        "migrations_not_proved",
    )


def test_the_worst_verdict_names_the_reason() -> None:
    order = [Verdict.FAILED, Verdict.ERRORED, Verdict.MISSING, Verdict.SKIPPED, Verdict.PENDING]
    for place, worst in enumerate(order):
        for other in order[place:]:
            found = checks(zebra_smoke=other, db_migrations=worst)
            [reason] = merging(checks=found).reasons()
            assert reason.code == f"checks_{worst}"


def test_a_tag_rule_knows_numbers_from_letters() -> None:
    assert publishing(tag="v1.10.0", greatest="v1.9.0").reasons() == ()
    assert [r.code for r in publishing(tag="v1.9.0", greatest="v1.10.0").reasons()] == ["tag_not_greater"]
    assert [r.code for r in publishing(tag="v1.1.0+b7", greatest="v1.1.0").reasons()] == ["tag_not_greater"]


def large(commits: int = 31, days: int = 0) -> Facts:
    included = replace(SHIPPED, merged_at=AT - timedelta(days=days), title="feat: charts")
    return replace(PUBLISHABLE, release=replace(PROMOTED, commits=commits, included=(included,)))


@pytest.mark.parametrize("action", [Action.PROMOTE, Action.PUBLISH])
@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (large(31), "it has 31 commits, more than 30"),
        (large(1, 15), "its oldest change has waited for 15 days, more than 14"),
        (large(40, 20), "it has 40 commits, more than 30, and its oldest change has waited for 20 days, more than 14"),
    ],
)
def test_a_large_release_is_warned_about_and_not_refused(action: Action, facts: Facts, sentence: str) -> None:
    decision = evaluate(POLICY, facts, action, TESS, AT)
    [warning] = decision.warnings

    assert decision.open
    assert (warning.code, warning.sentence) == ("large_release", f"v1.1.0 is large: {sentence}.")
    assert warning.evidence == ("change 5: feat: charts",)
    assert warning.advice.startswith("Smaller releases are easier to take back: release more often.")


def test_a_usual_release_is_not_warned_about() -> None:
    assert evaluate(POLICY, large(30, 14), Action.PUBLISH, TESS, AT).warnings == ()
    lane = replace(POLICY.production, large_release=LargeRelease(100, timedelta(days=30)))
    wider = replace(POLICY, production=lane)
    assert evaluate(wider, large(99, 29), Action.PUBLISH, TESS, AT).warnings == ()


@pytest.mark.parametrize(
    ("over", "why"),
    [
        ({}, None),
        ({"withdrawn_at": AT}, "withdrawn"),
        ({"by": "ada"}, "by the author"),
        ({"tree": "9" * 40}, "given to other code"),
        ({"policy_hash": "9" * 64}, "given under other rules"),
        ({"migrations": "9" * 64}, "given before other migrations came from the branch it goes to"),
        ({"at": AT - timedelta(days=7)}, "expired Thu 2026-03-05 10:00 UTC"),
        ({"at": AT - timedelta(days=7) + timedelta(microseconds=1)}, None),
        ({"role": "tech_lead"}, "ben has not the role tech_lead"),
        ({"role": "tech_lead", "by": "tess"}, None),
    ],
)
def test_why_an_approval_does_not_count(over: dict[str, object], why: str | None) -> None:
    assert why_not(replace(approval(), **over), CHANGE, POLICY, AT) == why  # type: ignore[arg-type]


def test_one_person_is_one_approval_however_often() -> None:
    two = replace(POLICY, staging=replace(POLICY.staging, approvals={"review": 2}))

    assert [r.code for r in replace(merging(approvals=(approval(), approval())), policy=two).reasons()] == [
        "approvals_missing"
    ]
    assert replace(merging(approvals=(approval(), approval("tess"))), policy=two).reasons() == ()


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ("tess:tech_lead ben:review", {}),
        ("tess:tech_lead tess:review ben:review", {}),
        ("ben:tech_lead ben:review tess:tech_lead", {}),  # ben reviews, so that tess can be the tech lead
        ("tess:review tess:tech_lead ben:tech_lead", {}),
        ("tess:tech_lead tess:review", {"review": 1}),
        ("tess:tech_lead ben:tech_lead", {"review": 1}),
        ("ben:review stan:review", {"tech_lead": 1}),
        ("", {"tech_lead": 1, "review": 1}),
    ],
)
def test_each_person_fills_one_place_and_somebody_is_found_for_each_if_there_is(
    given: str, lacking: dict[str, int]
) -> None:
    rules = replace(
        POLICY,
        staging=replace(POLICY.staging, approvals={"tech_lead": 1, "review": 1}),
        roles={**POLICY.roles, "tech_lead": ("tess", "ben")},
    )
    approvals = [approval(*each.split(":")) for each in given.split()]

    assert count(rules, CHANGE, approvals, AT).lacking == lacking


def test_who_pushed_the_last_commit_does_not_approve_it() -> None:
    pushed = replace(CHANGE, last_pusher="ben")

    assert why_not(approval("ben"), pushed, POLICY, AT) == "by the author"


def test_a_release_change_that_is_opened_is_judged_by_its_tag() -> None:
    assert RELEASE_CHANGE.is_release
    facts = Facts(STAGING, source="staging", target="main", release=replace(PROMOTED, tag="v0.9.0"))

    assert evaluate(POLICY, facts, Action.OPEN_CHANGE, ADA, AT).codes == ("tag_not_greater",)
