"""Small rules of the nouns themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import ChangeState, MergePreview
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.token import Token
from tests.domain.nouns import AT, CHANGE, POLICY, RELEASE_CHANGE


def test_every_state_waits_occupies_or_has_ended() -> None:
    for state in DeploymentState:
        assert [state is DeploymentState.QUEUED, state.occupies, state.ended].count(True) == 1


def test_what_occupies_an_environment() -> None:
    assert {state for state in DeploymentState if state.occupies} == {
        DeploymentState.RUNNING,
        DeploymentState.VERIFYING,
    }


def test_lanes_are_found_by_branch_and_by_environment() -> None:
    assert POLICY.lane_of_branch("main") is POLICY.lane(Environment.PRODUCTION)
    assert POLICY.lane_of_branch("staging") is POLICY.lane(Environment.STAGING)
    assert POLICY.lane_of_branch("feature/x") is None


def test_a_person_has_the_roles_that_name_them() -> None:
    assert POLICY.roles_of("tess") == {"tech_lead"}
    assert POLICY.roles_of("eve") == frozenset()


@pytest.mark.parametrize(
    ("asked", "answer"), [((), False), (("admin",), False), (("admin", "devops"), True), (("devops",), True)]
)
def test_an_actor_has_any_of_some_roles(asked: tuple[str, ...], answer: bool) -> None:
    assert Actor("dora", roles=frozenset({"devops", "viewer"})).has_any(*asked) is answer


def test_what_a_change_is() -> None:
    assert not CHANGE.is_hotfix and not CHANGE.is_release
    assert RELEASE_CHANGE.is_release
    assert replace(CHANGE, source="hotfix/login").is_hotfix
    assert replace(CHANGE, merge_requested_at=AT).is_being_merged
    assert not replace(CHANGE, merge_requested_at=AT, state=ChangeState.MERGED).is_being_merged


def test_the_tree_to_prove_is_that_of_the_merge() -> None:
    assert CHANGE.preview and CHANGE.preview.merged
    assert CHANGE.mergeable_tree() == CHANGE.preview.merged.tree
    assert replace(CHANGE, preview=None).mergeable_tree() is None
    assert replace(CHANGE, preview=MergePreview("b", "h", None, ("x",))).mergeable_tree() is None


def test_a_token_is_valid_until_it_expires_or_is_revoked() -> None:
    token = Token("1", "ada", "0" * 64, AT, "root", expires_at=AT + timedelta(days=1))

    assert token.valid_at(AT + timedelta(hours=23))
    assert not token.valid_at(AT + timedelta(days=1))
    assert not replace(token, revoked_at=AT).valid_at(AT)
    assert replace(token, expires_at=None).valid_at(AT + timedelta(days=999))
