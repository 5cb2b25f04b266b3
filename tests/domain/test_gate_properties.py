"""Whatever the facts: the gate answers, the same each time, and more trouble never opens it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import ChangeState, MergePreview
from staging_gate.domain.check import Verdict
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Facts, ReleaseFacts, evaluate
from staging_gate.domain.going_back import Wish
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.policy import MergeMethod, Policy
from staging_gate.domain.release import ReleaseState
from staging_gate.domain.way_back import WayBackVerdict
from tests.domain.nouns import AT, BAD, CHANGE, EARLIER, HELD, LIVE, MERGED, POLICY, PROMOTED, WAY, approval, check

MAINTENANCE = Maintenance(1, "Move prices", Environment.PRODUCTION, AT, AT + timedelta(hours=1), "dora", AT)

names = st.sampled_from(["ada", "ben", "tess", "stan"])
roles = st.sampled_from(["review", "tech_lead", "stakeholder"])
tags = st.sampled_from(["", "v1.1.0", "v0.9.0", "1.1", "v1.1.0-rollback", "v2.0.0-rc.1"])
branches = st.sampled_from(["main", "staging", "feature/x", "hotfix/x"])

approvals = st.lists(
    st.builds(
        lambda by, role, other, gone: approval(
            by, role, tree="9" * 40 if other else CHANGE.head.tree, withdrawn_at=AT if gone else None
        ),
        names,
        roles,
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
).map(tuple)
found_checks = st.dictionaries(st.sampled_from(POLICY.staging.checks), st.sampled_from(list(Verdict)), max_size=2).map(
    lambda found: {name: check(name, verdict) for name, verdict in found.items()}
)
previews = st.sampled_from([None, CHANGE.preview, MergePreview("e" * 40, "a" * 40, None, ("app/main.py",))])
changes = st.builds(
    lambda source, target, state, author, pusher, preview, merging: replace(
        CHANGE,
        source=source,
        target=target,
        state=state,
        author=author,
        last_pusher=pusher,
        preview=preview,
        merged_by="tess" if merging else None,
        merge_requested_at=AT if merging else None,
    ),
    branches,
    branches,
    st.sampled_from(list(ChangeState)),
    names,
    st.none() | names,
    previews,
    st.booleans(),
)
assert PROMOTED.release
releases = st.sampled_from([None, *(replace(PROMOTED.release, state=state) for state in ReleaseState)])
release_facts = st.builds(
    ReleaseFacts,
    tag=tags,
    commit=st.sampled_from(["", MERGED.commit]),
    tree=st.sampled_from(["", MERGED.tree]),
    release=releases,
    tag_at=st.sampled_from([None, MERGED.commit, "f" * 40]),
    annotated=st.booleans(),
    on_main=st.booleans(),
    greatest=st.sampled_from([None, "v1.0.0", "v1.1.0"]),
    verified=st.sampled_from([None, PROMOTED.verified]),
    included=st.sampled_from([(), PROMOTED.included]),
    tested=st.sampled_from([frozenset[int](), frozenset({5})]),
    checks=found_checks,
    critical_bugs=st.sampled_from([None, (), ("P1 incident 3",)]),
    goes_back_to=st.sampled_from([None, EARLIER]),
    way_back=st.sampled_from([None, WAY]),
)
facts = st.builds(
    Facts,
    environment=st.sampled_from(list(Environment)),
    change=st.none() | changes,
    source=st.none() | branches,
    target=st.none() | branches,
    checks=found_checks,
    approvals=approvals,
    holds=st.sampled_from([(), (HELD,)]),
    quarantines=st.sampled_from([(), (BAD,), (replace(BAD, tag="v1.0.0"),)]),
    release=st.none() | release_facts,
    main_ahead=st.sampled_from([(), ("1111111111 fix: login",)]),
    adds_policy=st.booleans(),
    proof_touched=st.sampled_from([(), ("smoke/api.py",)]),
    policy_problems=st.sampled_from([(), ("gate.yaml:1:1: product: missing",)]),
    target_problems=st.sampled_from([(), ("api: port taken",)]),
    live=st.sampled_from([None, LIVE]),
    maintenances=st.sampled_from([(), (MAINTENANCE,)]),
    rollback_to=st.sampled_from([None, LIVE, EARLIER]),
    rollback_name=st.sampled_from([None, "v1.0.0"]),
    database=st.sampled_from([None, LIVE]),
    way_back=st.sampled_from([None, WAY, *(replace(WAY, verdict=verdict) for verdict in WayBackVerdict)]),
    intent_wish=st.builds(Wish, st.booleans(), st.booleans()),
    intent_method=st.sampled_from([None, *MergeMethod]),
    intent_role=st.none() | roles,
)
actions = st.sampled_from(list(Action))
actors = st.sampled_from(
    [SYSTEM, Actor("ada"), *(Actor("tess", roles=frozenset({role})) for role in ("tech_lead", "devops", "viewer"))]
)
policies = st.sampled_from([None, POLICY])


@given(policies, facts, actions, actors)
def test_the_same_facts_give_the_same_decision(policy: Policy | None, known: Facts, action: Action, by: Actor) -> None:
    first, second = (evaluate(policy, known, action, by, AT, "it") for _ in range(2))

    assert first == second
    assert first.open == (not first.reasons)
    assert len(set(first.codes)) == len(first.codes)
    assert all(reason.sentence and reason.opens_when for reason in first.reasons)


@given(policies, facts, actions, actors)
def test_more_trouble_never_opens_the_gate(policy: Policy | None, known: Facts, action: Action, by: Actor) -> None:
    worse = replace(
        known,
        holds=(replace(HELD, environment=known.environment),),
        quarantines=(*known.quarantines, BAD),
        target_problems=("api: port taken",),
        main_ahead=("1111111111 fix: login",),
        policy_problems=("gate.yaml:1:1: product: missing",),
    )
    before, after = (evaluate(policy, one, action, by, AT) for one in (known, worse))

    assert before.open or not after.open


@given(policies, facts, actions, actors, approvals)
def test_another_approval_takes_no_other_reason_away_and_adds_none(
    policy: Policy | None, known: Facts, action: Action, by: Actor, more: tuple[object, ...]
) -> None:
    with_more = replace(known, approvals=(*known.approvals, *more))  # type: ignore[arg-type]
    before, after = (set(evaluate(policy, one, action, by, AT).codes) for one in (known, with_more))

    assert after <= before
    assert before - after <= {"approvals_missing", "changes_its_own_proof"}


@given(facts, actors)
def test_a_rollback_never_asks_about_holds_approvals_or_targets(known: Facts, by: Actor) -> None:
    free = replace(known, holds=(), approvals=(), target_problems=(), release=None, main_ahead=(), change=None)

    assert evaluate(POLICY, known, Action.ROLL_BACK, by, AT) == evaluate(POLICY, free, Action.ROLL_BACK, by, AT)
