import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging_gate.adapters.git.names import candidates, is_branch, is_ref, is_tag
from tests.adapters.git.repositories import ENVIRON

LETTERS = st.text(alphabet="ab./-@{~^:?*[\\ \t\x7fü'\"", max_size=8)


def git_takes(name: str) -> bool:
    done = subprocess.run(["git", "check-ref-format", name], env=ENVIRON, capture_output=True)
    return done.returncode == 0


@settings(max_examples=300, deadline=None)
@given(st.one_of(LETTERS, LETTERS.map(lambda text: f"refs/heads/{text}"), LETTERS.map(lambda text: f"a/{text}.lock")))
def test_a_ref_is_what_git_takes_as_one(name: str) -> None:
    assert is_ref(name) == git_takes(name)


@pytest.mark.parametrize("name", ["main", 'feature/it\'s-"x"', "@", "a@b", "ünïcode", "v1.2.0"])
def test_names_that_can_be_given(name: str) -> None:
    assert is_branch(name)
    assert is_tag(name)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a..b", "a.lock", ".a", "a/", "/a", "a//b", "a\\b", "a@{b", "a."])
def test_names_that_can_not_be_given(name: str) -> None:
    assert not is_branch(name)
    assert not is_tag(name)


def test_a_branch_beats_a_tag_and_a_short_id_comes_last() -> None:
    assert candidates("main") == ("refs/heads/main", "refs/tags/main")
    assert candidates("abcdef1") == ("refs/heads/abcdef1", "refs/tags/abcdef1", "abcdef1")
    assert candidates("abcdef") == ("refs/heads/abcdef", "refs/tags/abcdef")
    assert candidates("a" * 40) == ("a" * 40,)
    assert candidates("refs/tags/v1") == ("refs/tags/v1",)
