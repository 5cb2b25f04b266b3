"""What is particular to the bare repository; the promises of the port are in tests/contract."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.git.code_host import LONGEST_DIFF
from staging_gate.adapters.git.merging import TRIALS, signature
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Revision
from staging_gate.ports.code_host import HeadMoved, MergeOrder, TagOrder
from staging_gate.ports.errors import Refused
from tests.adapters.git.repositories import commit, git

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def order(host: GitCodeHost, base: str, head: str, method: MergeMethod = MergeMethod.SQUASH) -> MergeOrder:
    merged = host.preview_merge(base, head).merged
    assert merged
    return MergeOrder("key", "staging", base, head, merged.tree, method, "feat: x", "ada", AT)


def trials(host: GitCodeHost) -> list[str]:
    return git(host.path, "for-each-ref", "--format=%(refname)", TRIALS).split()


def features(host: GitCodeHost, count: int) -> tuple[str, list[str]]:
    base = commit(host.path, "staging", {"a": "1"})
    return base, [commit(host.path, f"feature/{n}", {f"new{n}": "1"}, parent=base) for n in range(count)]


def test_of_merges_at_once_one_wins_and_the_others_hear_that_it_moved(host: GitCodeHost) -> None:
    base, heads = features(host, 4)
    orders = [order(host, base, head) for head in heads]

    def merge(order: MergeOrder) -> Revision | str | None:
        try:
            return host.merge(order)
        except HeadMoved as moved:
            return moved.found

    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(merge, orders))

    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Revision)]
    assert host.branches()["staging"] == winner.commit
    assert [outcome for outcome in outcomes if outcome is not winner] == [winner.commit] * 3


def test_the_same_merge_asked_at_once_is_one_commit(host: GitCodeHost) -> None:
    base, heads = features(host, 1)
    wanted = order(host, base, heads[0])

    with ThreadPoolExecutor() as pool:
        outcomes = set(pool.map(host.merge, [wanted] * 4))

    assert outcomes == {host.revision("staging")}
    assert len(host.commits(base, "staging")) == 1


def test_the_same_order_gives_the_same_commit_whatever_the_clock_and_the_time_zone(host: GitCodeHost) -> None:
    base, heads = features(host, 1)
    wanted = order(host, base, heads[0], MergeMethod.MERGE)
    elsewhere = replace(wanted, at=AT.astimezone(timezone(timedelta(hours=5))))

    merged = host.merge(wanted)
    git(host.path, "update-ref", "refs/heads/staging", base)

    assert host.merge(elsewhere) == merged
    assert merged.commit == git(host.path, "rev-parse", "staging")


def test_trials_survive_gc_and_go_when_they_are_outdated(host: GitCodeHost) -> None:
    base, heads = features(host, 2)
    first, second = (host.preview_merge(base, head).merged for head in heads)
    assert first
    assert second
    git(host.path, "gc", "--quiet", "--prune=now")
    assert host.file(first.commit, "new0") == b"1"

    merged = host.merge(order(host, base, heads[0]))
    host.preview_merge(merged.commit, heads[1])
    host.delete_branch("feature/0", heads[0])

    assert trials(host) == [f"{TRIALS}{merged.commit}-{heads[1]}"]


def test_what_was_merged_by_squash_can_still_be_looked_at(host: GitCodeHost) -> None:
    base, heads = features(host, 1)
    host.merge(order(host, base, heads[0]))
    host.delete_branch("feature/0", heads[0])

    git(host.path, "reflog", "expire", "--expire=now", "--all")
    git(host.path, "gc", "--quiet")

    assert host.changed_files(base, heads[0]) == ["new0"]
    assert "+1" in host.diff(base, heads[0])


def test_a_mirror_can_fetch_a_trial(host: GitCodeHost) -> None:
    base, heads = features(host, 1)
    trial = host.preview_merge(base, heads[0]).merged
    assert trial
    mirror = host.path.parent / "mirror.git"
    git(host.path.parent, "clone", "--quiet", "--mirror", host.clone_address(), str(mirror))

    assert git(mirror, "rev-parse", f"{trial.commit}^{{tree}}") == trial.tree


def test_a_long_diff_is_cut_and_says_so(host: GitCodeHost) -> None:
    base = commit(host.path, "main", {"a": "1\n"})
    head = commit(host.path, "feature/x", {"a": "long line\n" * 200_000}, parent=base)

    diff = host.diff(base, head)

    assert len(diff) < LONGEST_DIFF + 300
    assert diff.endswith(f"\n... cut after 1,048,576 bytes. The whole of it: git diff {base}...{head}\n")


def test_a_renamed_file_counts_as_both_of_its_names(host: GitCodeHost) -> None:
    base = commit(host.path, "main", {"tests/smoke.py": "content\n" * 20})
    head = commit(host.path, "feature/x", {"tests/smoke.py": None, "tests/ünï.py": "content\n" * 20}, parent=base)

    assert host.changed_files(base, head) == ["tests/smoke.py", "tests/ünï.py"]
    assert "rename to tests/ünï.py" in host.diff(base, head)


def test_a_branch_beside_a_name_that_is_in_its_way_is_refused(host: GitCodeHost) -> None:
    made = commit(host.path, "feature", {"a": "1"})

    with pytest.raises(Refused, match="feature/x can not be made beside a name that begins or ends like it") as raised:
        host.create_branch("feature/x", made)

    assert "refs/heads/feature" in raised.value.evidence


def test_tags_of_tags_and_of_other_things(host: GitCodeHost) -> None:
    made = commit(host.path, "main", {"a": "1"})
    one = host.create_tag(TagOrder("v1", made, "one\n\nwith a body", "ada", AT))
    git(host.path, "-c", "user.name=x", "-c", "user.email=y", "tag", "-a", "-m", "nested", "v2", "v1")
    git(host.path, "tag", "tree", "main^{tree}")
    git(host.path, "tag", "blob", "main:a")

    tags = host.tags()

    assert set(tags) == {"v1", "v2"}
    assert tags["v1"] == one
    assert (tags["v2"].commit, tags["v2"].annotated, tags["v2"].message) == (made, True, "nested")
    assert host.revision("tree") is None
    with pytest.raises(Refused, match="The tag blob exists already and is no tag of a commit"):
        host.create_tag(TagOrder("blob", made, "m", "ada", AT))


@pytest.mark.parametrize("date", ["99999999999999 +0000", "18446744073709551615 +0000", "1 +9999", "-5 +0000", "never"])
def test_a_commit_with_an_absurd_date_breaks_nothing(host: GitCodeHost, date: str) -> None:
    base = commit(host.path, "main", {"a": "1"})
    tree = git(host.path, "rev-parse", "main^{tree}")
    text = f"tree {tree}\nparent {base}\nauthor A <a> {date}\ncommitter A <a> {date}\n\nodd\n"
    odd = git(host.path, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=text)

    (found,) = host.commits(base, odd)

    assert found.at.tzinfo is UTC
    assert host.preview_merge(base, odd).merged


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("Ada Lovelace <ada@example.com>", "Ada Lovelace <ada@example.com> 1795435200 +0000"),
        ("ada", "ada <ada@staging-gate.invalid> 1795435200 +0000"),
        ("Ada L", "Ada L <Ada-L@staging-gate.invalid> 1795435200 +0000"),
        ("a\nb <x>\n<y>", "a b <xy> 1795435200 +0000"),
        ("", "Staging Gate <Staging-Gate@staging-gate.invalid> 1795435200 +0000"),
    ],
)
def test_signatures(person: str, shown: str) -> None:
    assert str(signature(person, AT)) == shown


def test_an_odd_author_and_message_are_kept_harmless(host: GitCodeHost) -> None:
    base, heads = features(host, 1)
    wanted = replace(order(host, base, heads[0]), author="<>\n", message="-m --all\0\n\n\n$(id)\n\n")

    host.merge(wanted)

    (found,) = host.commits(base, "staging")
    assert (found.subject, found.body, found.author) == ("-m --all", "$(id)", "Staging Gate")
