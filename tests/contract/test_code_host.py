"""What every code host keeps of the port's promises. A new implementation adds one line to IMPLEMENTATIONS."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

import pytest

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.domain.change import MergePreview
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Revision
from staging_gate.ports.code_host import CodeHost, HeadMoved, MergeOrder, TagOrder
from staging_gate.ports.errors import Refused
from staging_gate.testing.github import GitHubStandIn
from tests.adapters.git.repositories import commit, git
from tests.adapters.github.connecting import connected, github_stand_in

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABSENT = "1" * 40


class Bench(Protocol):
    """A code host under test, and hands of its users on it."""

    host: CodeHost
    keeps_authors: bool
    """Whether a merge bears the author and the moment that its order says; else those of who asked the host for it."""

    def commit(
        self, branch: str, files: Mapping[str, str | None], message: str = "work", parent: str | None = None
    ) -> str:
        """Put a commit on a branch, from `parent` (a branch or commit) where the branch is new; returns its id."""
        ...

    def lightweight_tag(self, name: str, commit: str) -> None: ...


class Repository:
    """Hands on a bare repository, past everybody's rules."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seconds = 1_700_000_000

    def commit(
        self, branch: str, files: Mapping[str, str | None], message: str = "work", parent: str | None = None
    ) -> str:
        self._seconds += 60
        return commit(self.path, branch, files, message, parent, self._seconds)

    def lightweight_tag(self, name: str, commit: str) -> None:
        git(self.path, "tag", name, commit)


class GitBench(Repository):
    keeps_authors = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "repository.git")
        self.host: CodeHost = GitCodeHost.create(self.path)


class GitHubBench(Repository):
    keeps_authors = False

    def __init__(self, folder: Path, github: GitHubStandIn) -> None:
        super().__init__(github.host.path)
        self.host: CodeHost = connected(github, folder)


@contextmanager
def git_bench(folder: Path) -> Iterator[Bench]:
    bench = GitBench(folder)
    with closing(cast(GitCodeHost, bench.host)):
        yield bench


@contextmanager
def github_bench(folder: Path) -> Iterator[Bench]:
    """On the stand-in, whose requests are examined by GitHub's specification where that is there."""
    with github_stand_in(folder) as github:
        bench = GitHubBench(folder, github)
        with closing(cast(GitHubCodeHost, bench.host)):
            yield bench


IMPLEMENTATIONS: dict[str, Callable[[Path], AbstractContextManager[Bench]]] = {
    "git": git_bench,
    "github": github_bench,
}


@pytest.fixture(params=IMPLEMENTATIONS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with IMPLEMENTATIONS[request.param](tmp_path) as bench:
        yield bench


@pytest.fixture
def host(bench: Bench) -> CodeHost:
    return bench.host


def staging_and_feature(bench: Bench) -> MergePreview:
    """A feature of two commits beside a staging branch that has moved on; merges without conflict."""
    base = bench.commit("staging", {"a": "1\n", "b": "1\n"}, "start")
    bench.commit("feature/x", {"a": "2\n"}, "feat: one", parent=base)
    head = bench.commit("feature/x", {"c": "new\n"}, "feat: two")
    base = bench.commit("staging", {"b": "2\n"}, "on staging")
    return bench.host.preview_merge(base, head)


def order_for(preview: MergePreview, method: MergeMethod = MergeMethod.MERGE) -> MergeOrder:
    assert preview.merged
    return MergeOrder(
        key="run-1/merge",
        into="staging",
        base=preview.base,
        head=preview.head,
        tree=preview.merged.tree,
        method=method,
        message="feat: x (#1)\n\nReviewed by grace",
        author="Ada Lovelace <ada@example.com>",
        at=AT,
    )


def tip(host: CodeHost, ref: str) -> Revision:
    found = host.revision(ref)
    assert found
    return found


class TestReading:
    def test_a_repository_without_commits(self, host: CodeHost) -> None:
        assert host.revision("main") is None
        assert host.branches() == {}
        assert host.tags() == {}

    def test_a_branch_a_tag_and_a_commit_stand_for_the_same_revision(self, bench: Bench, host: CodeHost) -> None:
        made = bench.commit("feature/x", {"a": "1"})
        host.create_tag(TagOrder("v1.0.0", made, "first", "ada", AT))

        by_branch = tip(host, "feature/x")

        assert by_branch.commit == made
        assert tip(host, "v1.0.0") == tip(host, made) == by_branch

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "nothing",
            ABSENT,
            "-x",
            "--all",
            "a b",
            "..",
            "main..",
            "main~1",
            "main^{tree}",
            "@{1}",
            ":/work",
            "HEAD~",
        ]
        + ["main\nmain", "refs/heads/../main", 'it\'s "x"', "$(id)", "*", "main:a"],
    )
    def test_a_name_that_stands_for_nothing(self, bench: Bench, host: CodeHost, name: str) -> None:
        bench.commit("main", {"a": "1"})
        bench.commit("main", {"a": "2"})

        assert host.revision(name) is None

    def test_two_commits_with_the_same_files_have_one_tree(self, bench: Bench, host: CodeHost) -> None:
        bench.commit("one", {"a": "1"}, "first")
        bench.commit("two", {"a": "1"}, "second")

        assert tip(host, "one").tree == tip(host, "two").tree
        assert tip(host, "one").commit != tip(host, "two").commit

    def test_branches(self, bench: Bench, host: CodeHost) -> None:
        one = bench.commit("main", {"a": "1"})
        two = bench.commit('feature/it\'s-"x"', {"a": "2"}, parent="main")

        assert host.branches() == {"main": one, 'feature/it\'s-"x"': two}

    def test_a_file_of_a_revision(self, bench: Bench, host: CodeHost) -> None:
        first = bench.commit("main", {"gate.yaml": "product: x\n", "dir/with space": "y"})
        second = bench.commit("main", {"gate.yaml": "product: z\n"})

        assert host.file(first, "gate.yaml") == b"product: x\n"
        assert host.file(second, "gate.yaml") == b"product: z\n"
        assert host.file(second, "dir/with space") == b"y"

    def test_a_folder_is_named_by_what_is_in_it(self, bench: Bench, host: CodeHost) -> None:
        first = bench.commit("main", {"a": "1", "db/versions/1.py": "x"})
        same = bench.commit("main", {"a": "2"})
        other = bench.commit("main", {"db/versions/2.py": "y"})

        assert host.folder(first, "db") == host.folder(same, "db") != host.folder(other, "db")
        assert host.folder(first, "db/versions") is not None
        assert [host.folder(first, path) for path in ("a", "nothing", "../db", "./db", "/db", "db\n")] == [None] * 6

    @pytest.mark.parametrize("path", ["nothing", "dir", "../gate.yaml", "./gate.yaml", "gate.yaml\n", "", "/gate.yaml"])
    def test_a_path_without_a_file(self, bench: Bench, host: CodeHost, path: str) -> None:
        made = bench.commit("main", {"gate.yaml": "x", "dir/file": "y"})

        assert host.file(made, path) is None

    def test_ancestors(self, bench: Bench, host: CodeHost) -> None:
        first = bench.commit("main", {"a": "1"})
        second = bench.commit("main", {"a": "2"})
        side = bench.commit("feature/x", {"b": "1"}, parent=first)

        assert host.is_ancestor(first, second)
        assert host.is_ancestor(second, second)
        assert not host.is_ancestor(second, first)
        assert not host.is_ancestor(side, second)

    def test_commits_between_two_revisions_newest_first(self, bench: Bench, host: CodeHost) -> None:
        first = bench.commit("main", {"a": "1"}, "start")
        second = bench.commit("main", {"a": "2"}, "feat: two\n\nWhy.\n\nBREAKING CHANGE: all of it")
        third = bench.commit("main", {"a": "3"}, "fix: três")

        found = host.commits(first, third)

        assert [one.id for one in found] == [third, second]
        assert found[0].subject == "fix: três"
        assert found[1].subject == "feat: two"
        assert found[1].body == "Why.\n\nBREAKING CHANGE: all of it"
        assert found[1].parents == (first,)
        assert found[1].author == "Ada"
        assert found[1].at < found[0].at
        assert found[1].at.tzinfo is not None
        assert [one.id for one in host.commits(None, third)] == [third, second, first]
        assert host.commits(third, third) == []

    def test_what_a_branch_changed_since_it_left(self, bench: Bench, host: CodeHost) -> None:
        preview = staging_and_feature(bench)

        assert host.changed_files(preview.base, preview.head) == ["a", "c"]
        diff = host.diff(preview.base, preview.head)
        assert "-1\n+2\n" in diff
        assert "+++ b/c" in diff
        assert "b/b" not in diff

    @pytest.mark.parametrize("ask", ["file", "is_ancestor", "commits", "diff", "preview_merge"])
    def test_an_unknown_revision_is_refused_by_name(self, bench: Bench, host: CodeHost, ask: str) -> None:
        known = bench.commit("main", {"a": "1"})
        questions: dict[str, Callable[[], object]] = {
            "file": lambda: host.file("--output=x", "a"),
            "is_ancestor": lambda: host.is_ancestor("--output=x", known),
            "commits": lambda: host.commits("--output=x", known),
            "diff": lambda: host.diff(known, "--output=x"),
            "preview_merge": lambda: host.preview_merge(known, "--output=x"),
        }

        with pytest.raises(Refused, match="no commit, branch or tag '--output=x'. Check the name, or push it first"):
            questions[ask]()


class TestMerging:
    def test_a_preview_moves_nothing_and_is_the_same_each_time(self, bench: Bench, host: CodeHost) -> None:
        preview = staging_and_feature(bench)
        before = host.branches()

        assert preview.merged
        assert host.preview_merge(preview.base, preview.head) == preview
        assert host.branches() == before
        assert tip(host, preview.merged.commit) == preview.merged
        assert host.file(preview.merged.commit, "a") == b"2\n"
        assert host.file(preview.merged.commit, "b") == b"2\n"

    def test_a_preview_names_the_files_in_conflict(self, bench: Bench, host: CodeHost) -> None:
        base = bench.commit("staging", {"a": "1\n", "b": "1\n", "with space": "1\n", "ok": "1\n"})
        head = bench.commit("feature/x", {"a": "2\n", "with space": "2\n", "b": None}, parent=base)
        base = bench.commit("staging", {"a": "3\n", "with space": "3\n", "b": "3\n"})

        preview = host.preview_merge(base, head)

        assert preview.merged is None
        assert sorted(preview.conflicts) == ["a", "b", "with space"]
        assert (preview.base, preview.head) == (base, head)

    def test_histories_without_a_common_root_are_refused(self, bench: Bench, host: CodeHost) -> None:
        one = bench.commit("staging", {"a": "1"})
        two = bench.commit("feature/x", {"b": "1"})

        with pytest.raises(Refused, match="share no history, so they can not be merged. Make the branch from"):
            host.preview_merge(one, two)
        with pytest.raises(Refused, match="share no history, so there is nothing to compare"):
            host.diff(one, two)
        with pytest.raises(Refused, match="share no history"):
            host.changed_files(one, two)

    def test_a_merge_commit_has_two_parents(self, bench: Bench, host: CodeHost) -> None:
        preview = staging_and_feature(bench)

        merged = host.merge(order_for(preview))

        assert tip(host, "staging") == merged
        assert preview.merged
        assert merged.tree == preview.merged.tree
        newest = host.commits(preview.base, merged.commit)[0]
        assert newest.id == merged.commit
        assert newest.parents == (preview.base, preview.head)
        assert (newest.subject, newest.body) == ("feat: x (#1)", "Reviewed by grace")
        if bench.keeps_authors:
            assert (newest.author, newest.at) == ("Ada Lovelace", AT)

    def test_a_squash_has_one_parent(self, bench: Bench, host: CodeHost) -> None:
        preview = staging_and_feature(bench)

        merged = host.merge(order_for(preview, MergeMethod.SQUASH))

        assert [one.parents for one in host.commits(preview.base, merged.commit)] == [(preview.base,)]
        assert host.file(merged.commit, "c") == b"new\n"

    @pytest.mark.parametrize("method", MergeMethod)
    def test_asking_twice_merges_once(self, bench: Bench, host: CodeHost, method: MergeMethod) -> None:
        order = order_for(staging_and_feature(bench), method)

        first = host.merge(order)

        assert host.merge(order) == first
        bench.commit("staging", {"later": "1"})
        assert host.merge(order) == first
        assert len([one for one in host.commits(order.base, "staging") if one.subject == "feat: x (#1)"]) == 1

    @pytest.mark.parametrize("method", MergeMethod)
    @pytest.mark.parametrize("author", ["Ada Lovelace", "  .Ada, Dr.: <ada@zebra.example>", "Ada Żółć"])
    def test_what_a_merge_is_foreseen_to_give_it_gives(
        self, bench: Bench, host: CodeHost, method: MergeMethod, author: str
    ) -> None:
        order = replace(order_for(staging_and_feature(bench), method), author=author, message=" feat: ü\n\nlong\n\n ")

        foreseen = host.foresee_merge(order)

        assert tip(host, "staging").commit == order.base
        assert foreseen in (None, host.merge(order))

    def test_nothing_is_foreseen_where_a_branch_has_moved(self, bench: Bench, host: CodeHost) -> None:
        order = order_for(staging_and_feature(bench))
        bench.commit("staging", {"b": "3\n"})

        assert host.foresee_merge(order) is None

    def test_a_moved_branch_is_left_alone(self, bench: Bench, host: CodeHost) -> None:
        order = order_for(staging_and_feature(bench))
        moved = bench.commit("staging", {"b": "3\n"})

        with pytest.raises(HeadMoved) as raised:
            host.merge(order)

        assert (raised.value.ref, raised.value.found) == ("staging", moved)
        assert tip(host, "staging").commit == moved

    def test_a_branch_that_is_gone_has_moved(self, bench: Bench, host: CodeHost) -> None:
        order = order_for(staging_and_feature(bench))

        with pytest.raises(HeadMoved) as raised:
            host.merge(replace(order, into="gone"))

        assert raised.value.found is None
        assert "gone" not in host.branches()

    def test_another_tree_than_was_let_through_is_refused(self, bench: Bench, host: CodeHost) -> None:
        order = order_for(staging_and_feature(bench))
        other = tip(host, order.base).tree

        with pytest.raises(Refused, match="gives other code than what was let through.*Nothing was merged"):
            host.merge(replace(order, tree=other))

        assert tip(host, "staging").commit == order.base

    def test_a_merge_with_conflicts_is_refused_with_the_files(self, bench: Bench, host: CodeHost) -> None:
        base = bench.commit("staging", {"a": "1\n"})
        head = bench.commit("feature/x", {"a": "2\n"}, parent=base)
        base = bench.commit("staging", {"a": "3\n"})
        order = replace(order_for(staging_like(host, base)), base=base, head=head)

        with pytest.raises(Refused, match="does not merge into staging: conflicts in a. Merge staging into the branch"):
            host.merge(order)

        assert tip(host, "staging").commit == base


def staging_like(host: CodeHost, commit: str) -> MergePreview:
    """A preview that merges a commit with itself."""
    return MergePreview(commit, commit, tip(host, commit))


class TestBranchesAndTags:
    def test_a_branch_is_made_once(self, bench: Bench, host: CodeHost) -> None:
        one = bench.commit("main", {"a": "1"})
        two = bench.commit("main", {"a": "2"})

        host.create_branch("staging", one)
        host.create_branch("staging", one)

        assert host.branches() == {"main": two, "staging": one}
        with pytest.raises(Refused, match=f"The branch staging exists already, at {one}. Choose another name"):
            host.create_branch("staging", two)

    @pytest.mark.parametrize("name", ["", "-x", "a b", "a..b", "HEAD", "x.lock", "a:b", "a\nb", "/a", "a/"])
    def test_a_branch_with_an_impossible_name_is_refused(self, bench: Bench, host: CodeHost, name: str) -> None:
        made = bench.commit("main", {"a": "1"})

        with pytest.raises(Refused, match="can not be the name of a branch. Expected a name such as feature/login"):
            host.create_branch(name, made)

    def test_a_branch_at_an_unknown_commit_is_refused(self, bench: Bench, host: CodeHost) -> None:
        bench.commit("main", {"a": "1"})

        with pytest.raises(Refused, match="no commit, branch or tag"):
            host.create_branch("staging", ABSENT)

    def test_a_branch_is_deleted_only_where_it_was_seen(self, bench: Bench, host: CodeHost) -> None:
        seen = bench.commit("feature/x", {"a": "1"})
        now = bench.commit("feature/x", {"a": "2"})

        host.delete_branch("feature/x", seen)
        assert host.branches() == {"feature/x": now}
        host.delete_branch("feature/x", now)
        assert host.branches() == {}
        host.delete_branch("feature/x", now)
        host.delete_branch("-d", now)

    def test_a_deleted_branch_leaves_its_commits(self, bench: Bench, host: CodeHost) -> None:
        made = bench.commit("feature/x", {"a": "1"})

        host.delete_branch("feature/x", made)

        assert tip(host, made).commit == made

    def test_an_annotated_tag(self, bench: Bench, host: CodeHost) -> None:
        made = bench.commit("main", {"a": "1"})
        order = TagOrder("v1.0.0", made, "Release v1.0.0 - first\n\n## Features\n- x", "Grace <grace@example.com>", AT)

        tag = host.create_tag(order)

        assert host.tags() == {"v1.0.0": tag}
        assert (tag.name, tag.commit, tag.annotated, tag.tagger) == ("v1.0.0", made, True, "Grace")
        assert tag.message == order.message
        assert host.create_tag(order) == tag
        assert host.create_tag(replace(order, message="other words")) == tag

    def test_a_tag_is_never_moved(self, bench: Bench, host: CodeHost) -> None:
        one = bench.commit("main", {"a": "1"})
        two = bench.commit("main", {"a": "2"})
        host.create_tag(TagOrder("v1.2.0", one, "first", "ada", AT))

        with pytest.raises(Refused, match=f"The tag v1.2.0 exists already and points at {one}. Choose another version"):
            host.create_tag(TagOrder("v1.2.0", two, "second", "ada", AT))

        assert host.tags()["v1.2.0"].commit == one

    def test_a_lightweight_tag_is_told_apart_and_does_not_count_as_made(self, bench: Bench, host: CodeHost) -> None:
        made = bench.commit("main", {"a": "1"}, "the commit's own words")
        bench.lightweight_tag("v1.0.0", made)

        tag = host.tags()["v1.0.0"]

        assert (tag.commit, tag.annotated, tag.message, tag.tagger) == (made, False, "", "")
        with pytest.raises(Refused, match="exists already as a lightweight tag, which carries no author"):
            host.create_tag(TagOrder("v1.0.0", made, "first", "ada", AT))

    @pytest.mark.parametrize("name", ["", "-v1", "v 1", "v1..2", "v1^", "v1\n", "v1.lock"])
    def test_a_tag_with_an_impossible_name_is_refused(self, bench: Bench, host: CodeHost, name: str) -> None:
        made = bench.commit("main", {"a": "1"})

        with pytest.raises(Refused, match="can not be the name of a tag. Expected a name such as v1.2.0"):
            host.create_tag(TagOrder(name, made, "m", "ada", AT))

    def test_a_tag_on_an_unknown_commit_is_refused(self, bench: Bench, host: CodeHost) -> None:
        bench.commit("main", {"a": "1"})

        with pytest.raises(Refused, match="no commit, branch or tag"):
            host.create_tag(TagOrder("v1.0.0", ABSENT, "m", "ada", AT))
