"""Release tags in the order of semantic versions; a rollback tag is an order and no version."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.version import Bump, RollbackTag, greatest, next_tag, parse_rollback_tag, parse_tag

numbers = st.tuples(*(st.integers(0, 30) for _ in range(3)))
plain_tags = numbers.map(lambda parts: "v{}.{}.{}".format(*parts))
others = st.sampled_from(["nightly", "v1", "1.2.3", "v1.2", "v01.2.3", "v1.2.3-rollback", "v1.2.3-rollback.2", "", "v"])


@pytest.mark.parametrize("tag", ["v1.0.0", "v0.1.0", "v10.20.30", "v1.0.0-rc.1", "v1.0.0+build.5"])
def test_release_tags(tag: str) -> None:
    assert str(parse_tag(tag)) == tag[1:]


@pytest.mark.parametrize(
    "tag",
    ["1.0.0", "v1", "v1.0", "v01.0.0", "V1.0.0", "vv1.0.0", "v1.0.0 ", "v1.0.0-", "", "v", "release-1", "v1.0.0\n"],
)
def test_other_names_are_no_release_tags(tag: str) -> None:
    assert parse_tag(tag) is None


@pytest.mark.parametrize(
    ("tag", "order"),
    [
        ("v1.0.0-rollback", RollbackTag("v1.0.0", 1)),
        ("v1.0.0-rollback.2", RollbackTag("v1.0.0", 2)),
        ("v10.2.33-rollback.12", RollbackTag("v10.2.33", 12)),
    ],
)
def test_rollback_tags_are_orders(tag: str, order: RollbackTag) -> None:
    assert parse_rollback_tag(tag) == order
    assert parse_tag(tag) is None


@pytest.mark.parametrize(
    "tag",
    ["v1.0.0", "v1.0-rollback", "v1.0.0-rollback.0", "v1.0.0-rollback.01", "v1.0.0-rollback.2\n", "v1.0.0-rollbacks"],
)
def test_what_only_looks_like_an_order_is_none(tag: str) -> None:
    assert parse_rollback_tag(tag) is None


def test_a_rollback_tag_would_sort_as_an_earlier_version_and_must_not() -> None:
    """By semver v1.1.0-rollback is a prerelease: greater than v1.0.0."""
    assert greatest(["v1.0.0", "v1.1.0-rollback"]) == "v1.0.0"
    assert greatest(["v1.0.0", "v1.0.0-rollback", "v1.0.0-rollback.2"]) == "v1.0.0"
    assert greatest(["v1.0.0-rollback"]) is None


def test_versions_are_numbers_and_not_text() -> None:
    assert greatest(["v1.9.0", "v1.10.0", "v1.2.0"]) == "v1.10.0"


def test_pre_releases_sort_as_semver_says() -> None:
    in_order = ["v1.2.0-alpha", "v1.2.0-rc.2", "v1.2.0-rc.10", "v1.2.0", "v1.2.1-rc.1"]
    versions = [version for tag in in_order if (version := parse_tag(tag))]

    assert len(versions) == len(in_order)
    assert versions == sorted(versions)


def test_a_pre_release_is_never_the_last_release() -> None:
    """Or v2.0.0-rc.1, which somebody tagged to try something, would stand in the way of v1.2.1."""
    assert greatest(["v1.0.0", "v2.0.0-rc.1"]) == "v1.0.0"
    assert greatest(["v1.0.0-rc.2", "v1.0.0-rc.10"]) is None


@pytest.mark.parametrize("tag", ["v9.0.0-rollbacks", "v9.0.0-rollback.0", "v9.0.0-Rollback", "v9.0.0-rollback-2"])
def test_what_looks_like_a_rollback_is_never_the_last_release(tag: str) -> None:
    assert greatest(["v1.0.0", tag]) == "v1.0.0"


def test_the_last_release_is_the_greatest_on_whatever_line() -> None:
    assert greatest(["v1.2.0", "v1.3.0", "v1.2.1"]) == "v1.3.0"


@pytest.mark.parametrize(
    ("last", "bump", "tag"),
    [
        (None, Bump.PATCH, "v1.0.0"),
        (None, Bump.MAJOR, "v1.0.0"),
        ("v1.2.3", Bump.PATCH, "v1.2.4"),
        ("v1.2.3", Bump.MINOR, "v1.3.0"),
        ("v1.2.3", Bump.MAJOR, "v2.0.0"),
        ("v1.9.9", Bump.MINOR, "v1.10.0"),
    ],
)
def test_the_next_tag(last: str | None, bump: Bump, tag: str) -> None:
    assert next_tag(last, bump) == tag


@given(plain_tags, st.sampled_from(list(Bump)))
def test_the_next_tag_is_always_the_greatest(last: str, bump: Bump) -> None:
    following = next_tag(last, bump)

    assert greatest([last, following]) == following


@given(st.lists(plain_tags | others, max_size=8), st.randoms())
def test_order_and_other_names_do_not_matter(tags: list[str], chance: Random) -> None:
    shuffled = [*tags]
    chance.shuffle(shuffled)
    releases = [tag for tag in tags if parse_tag(tag)]

    assert greatest(shuffled) == greatest(releases)
    by_numbers = max((tuple(int(part) for part in tag[1:].split(".")) for tag in releases), default=None)
    assert greatest(tags) == (None if by_numbers is None else "v{}.{}.{}".format(*by_numbers))
