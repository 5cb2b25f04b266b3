"""Release notes from conventional commits."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.notes import Notes, write_notes
from staging_gate.domain.revision import Commit
from staging_gate.domain.version import Bump
from tests.domain.nouns import CHANGE

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


def commit(subject: str, body: str = "", parents: int = 1) -> Commit:
    return Commit("a" * 40, subject, body, "ada", AT, ("b" * 40,) * parents)


@pytest.mark.parametrize(
    ("subject", "notes"),
    [
        ("feat: dark mode", Notes(features=("dark mode",))),
        ("feat(ui): dark mode", Notes(features=("ui: dark mode",))),
        ("FEAT: dark mode", Notes(features=("dark mode",))),
        ("fix: prices", Notes(fixes=("prices",))),
        ("feat!: another login", Notes(features=("another login",), breaking=("another login",))),
        ("fix(api)!: no more v1", Notes(fixes=("api: no more v1",), breaking=("api: no more v1",))),
        ("chore: tidy up", Notes(others=("tidy up",))),
        ("refactor!: drop Python 3.10", Notes(others=("drop Python 3.10",), breaking=("drop Python 3.10",))),
        ("no convention at all", Notes(others=("no convention at all",))),
        ("feat : not one", Notes(others=("feat : not one",))),
        ("feat:not one", Notes(others=("feat:not one",))),
        ("feat()", Notes(others=("feat()",))),
    ],
)
def test_a_commit_goes_under_its_heading(subject: str, notes: Notes) -> None:
    assert write_notes([commit(subject)]) == replace(notes, contributors=("ada",))


@pytest.mark.parametrize("footer", ["BREAKING CHANGE", "BREAKING-CHANGE"])
def test_a_footer_breaks_in_its_own_words(footer: str) -> None:
    notes = write_notes([commit("feat: login", f"Why it is good.\n\n{footer}: all sessions end\nRefs: 7")])

    assert notes.breaking == ("all sessions end",)
    assert notes.features == ("login",)


def test_commits_come_newest_first_and_are_told_oldest_first() -> None:
    assert write_notes([commit("feat: second"), commit("feat: first")]).features == ("first", "second")


def test_merge_commits_say_nothing() -> None:
    assert write_notes([commit("Merge feature/x", parents=2)]) == Notes()


@pytest.mark.parametrize(
    ("notes", "bump"),
    [
        (Notes(), Bump.PATCH),
        (Notes(fixes=("x",)), Bump.PATCH),
        (Notes(features=("x",), fixes=("y",)), Bump.MINOR),
        (Notes(fixes=("x",), breaking=("x",)), Bump.MAJOR),
    ],
)
def test_what_changed_says_how_far_the_version_goes(notes: Notes, bump: Bump) -> None:
    assert notes.bump is bump


@pytest.mark.parametrize(
    ("notes", "headline"),
    [
        (Notes(), "maintenance"),
        (Notes(features=("dark mode",)), "dark mode"),
        (Notes(features=("dark mode", "charts"), fixes=("prices",)), "dark mode and 2 more"),
        (Notes(fixes=("prices",), others=("tidy up",)), "prices and 1 more"),
        (Notes(others=("drop Python 3.10",), breaking=("drop Python 3.10",)), "drop Python 3.10"),
    ],
)
def test_the_headline_is_the_first_thing_that_people_get(notes: Notes, headline: str) -> None:
    assert notes.headline() == headline


def test_the_runbooks_headings_are_always_there() -> None:
    assert Notes().markdown() == "## Features\n- None\n\n## Bug Fixes\n- None\n\n## Breaking Changes\n- None\n"


def test_migrations_and_other_changes_are_told_where_there_are_any() -> None:
    text = Notes(others=("tidy up",), migrations=("migrations/versions/0002_users.py",)).markdown()

    assert text.endswith("## Migrations\n- migrations/versions/0002_users.py\n\n## Other Changes\n- tidy up\n")


def test_changes_and_contributors_are_told() -> None:
    other = replace(CHANGE, number=12, title="fix: prices", author="Bo")
    commits = [replace(commit("fix: prices"), author="Bo"), commit("feat: dark mode"), commit("Merge", parents=2)]
    notes = write_notes(commits, (), (other, CHANGE))

    assert notes.markdown().endswith(
        "## Changes\n- #7 feat: dark mode, by ada\n- #12 fix: prices, by Bo\n\n## Contributors\n- ada\n- Bo\n"
    )


def test_where_the_pages_are_known_changes_are_links_to_them() -> None:
    text = write_notes([], (), (CHANGE,)).markdown("https://gate.example.com")

    assert "- [#7](https://gate.example.com/changes/7) feat: dark mode, by ada\n" in text


subjects = st.from_regex(r"(feat|fix|chore|docs)?(\([a-z]{1,5}\))?!?(: )?[a-z ]{1,20}", fullmatch=True) | st.text(
    max_size=40
)
commits = st.builds(commit, subjects, st.text(max_size=40), st.sampled_from([1, 1, 1, 2]))


@given(st.lists(commits, max_size=10))
def test_no_commit_is_lost_and_none_is_told_twice(found: list[Commit]) -> None:
    notes = write_notes(found)

    assert len(notes.features + notes.fixes + notes.others) == sum(len(c.parents) < 2 for c in found)
    for title in ("## Features", "## Bug Fixes", "## Breaking Changes"):
        assert title in notes.markdown()
