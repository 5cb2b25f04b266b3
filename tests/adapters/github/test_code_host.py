"""GitHub read through its mirror, and its branches and tags."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from staging_gate.adapters.github import API, GitHubCodeHost, Settings, repository_address
from staging_gate.ports.code_host import TagOrder
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import TOKEN, connected

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fetches(github: GitHubStandIn) -> int:
    return len(github.asked_for("GET", "info/refs"))


class TestTheMirror:
    def test_is_fetched_again_when_it_is_old(self, github: GitHubStandIn, tmp_path: Path, clock: MovableClock) -> None:
        host = connected(github, tmp_path, fresh_for=timedelta(seconds=5))
        first = commit(github.host.path, "main", {"a": "1"})

        assert host.branches() == {"main": first}
        second = commit(github.host.path, "main", {"a": "2"})
        assert host.branches() == {"main": first}
        assert fetches(github) == 1
        clock.advance(seconds=5)
        assert host.branches() == {"main": second}
        commit(github.host.path, "main", {"a": "3"})
        host.look_again()
        assert host.branches() != {"main": second}
        host.close()

    def test_is_fetched_again_for_a_branch_by_its_full_name_and_after_a_webhook(
        self, github: GitHubStandIn, tmp_path: Path, clock: MovableClock
    ) -> None:
        host = connected(github, tmp_path, fresh_for=timedelta(hours=1))
        first = commit(github.host.path, "main", {"a": "1"})
        assert host.branches() == {"main": first}

        pushed = commit(github.host.path, "feature/a", {"a": "2"})
        found = host.revision("refs/heads/feature/a")
        moved = commit(github.host.path, "feature/a", {"a": "3"})
        host.heard(b"{}")

        assert found is not None and found.commit == pushed
        assert host.branches()["feature/a"] == moved
        assert fetches(github) == 3
        host.close()

    def test_answers_of_what_can_not_change_while_github_is_away(
        self, github: GitHubStandIn, host: GitHubCodeHost
    ) -> None:
        first = commit(github.host.path, "main", {"a": "1"})
        second = commit(github.host.path, "main", {"a": "2"})
        assert host.branches() == {"main": second}
        github.has_trouble(Reply(503), times=99)
        asked = fetches(github)

        assert host.file(first, "a") == b"1"
        assert host.is_ancestor(first, second)
        assert host.changed_files(first, second) == ["a"]
        assert host.revision(second)
        assert fetches(github) == asked

    def test_while_github_is_away_branches_are_as_they_were_last_seen(
        self, github: GitHubStandIn, host: GitHubCodeHost, clock: MovableClock
    ) -> None:
        first = commit(github.host.path, "main", {"a": "1"})
        assert host.branches() == {"main": first}
        since = clock.now()
        github.has_trouble(Reply(503), times=99)
        second = commit(github.host.path, "main", {"a": "2"})

        assert host.branches() == {"main": first}

        assert (outdated := host.outdated())
        assert outdated.since and abs(outdated.since - since) < timedelta(seconds=1)
        assert "could not be fetched. It may work later" in outdated.why
        with pytest.raises(Unavailable, match="could not be fetched. It may work later"):
            host.create_branch("feature/x", first)
        github.troubles.clear()
        clock.advance(seconds=10)
        assert host.branches() == {"main": second}
        assert host.outdated() is None

    def test_a_new_process_knows_what_the_mirror_has_while_github_is_away(
        self, github: GitHubStandIn, tmp_path: Path
    ) -> None:
        made = commit(github.host.path, "main", {"a": "1"})
        before = connected(github, tmp_path)
        assert before.branches()
        before.close()
        github.revoke()

        after = connected(github, tmp_path)

        assert after.branches() == {"main": made}
        assert (outdated := after.outdated())
        assert (outdated.since, "was revoked" in outdated.why) == (None, True)
        after.close()

    def test_a_hint_makes_the_next_look_a_fresh_one(self, github: GitHubStandIn, tmp_path: Path) -> None:
        host = connected(github, tmp_path, fresh_for=timedelta(hours=1))
        first = commit(github.host.path, "main", {"a": "1"})
        assert host.branches() == {"main": first}
        second = commit(github.host.path, "main", {"a": "2"})
        assert host.branches() == {"main": first}

        host.heard(b"{}")

        assert host.branches() == {"main": second}
        host.close()

    def test_a_branch_that_is_gone_there_is_gone_and_stays_readable(
        self, github: GitHubStandIn, host: GitHubCodeHost
    ) -> None:
        made = commit(github.host.path, "feature", {"a": "1"})
        assert host.branches()
        github.moves("refs/heads/feature", None, made)
        other = commit(github.host.path, "feature/x", {"b": "1"})

        assert host.branches() == {"feature/x": other}
        assert host.file(made, "a") == b"1"

    def test_a_revoked_token_is_refused_with_what_to_do(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        github.revoke()

        with pytest.raises(
            Refused, match="the token is wrong, was revoked, or may not read .* Give it that right"
        ) as no:
            host.branches()

        assert TOKEN not in no.value.message + no.value.evidence

    def test_a_repository_that_is_not_there(self, github: GitHubStandIn, tmp_path: Path) -> None:
        github.has_trouble(Reply(404), path=r"\.git/")

        with pytest.raises(Refused, match=r"There is no repository at .*/zebra/marketedge.git that we may see"):
            connected(github, tmp_path).branches()

    @pytest.mark.parametrize(
        ("api", "address"),
        [
            (API, "https://github.com/zebra/marketedge.git"),
            ("https://ghe.zebra.example/api/v3", "https://ghe.zebra.example/zebra/marketedge.git"),
        ],
    )
    def test_its_address(self, api: str, address: str) -> None:
        assert repository_address(Settings("zebra/marketedge", api=api)) == address

    def test_settings_do_not_show_their_secrets(self) -> None:
        assert "hidden" not in repr(Settings("zebra/marketedge", token="hidden", app="1", key="hidden"))


class TestWhoPushed:
    @pytest.mark.parametrize(
        ("by", "kind", "found"),
        [
            ("ada", "push", "ada"),
            ("ada", "force_push", "ada"),
            ("ada", "branch_creation", "ada"),
            ("ada", "pr_merge", None),
            ("renovate[bot]", "push", None),
        ],
    )
    def test_by_githubs_record(
        self, github: GitHubStandIn, host: GitHubCodeHost, by: str, kind: str, found: str | None
    ) -> None:
        made = commit(github.host.path, "feature/x", {"a": "1"})
        github.saw_push("feature/x", made, by, kind)
        github.saw_push("feature/y", made, "ben")

        assert host.pusher("feature/x", made) == found

    def test_the_last_time_that_it_came_there(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        made = commit(github.host.path, "feature/x", {"a": "1"})
        for who in ("ada", "ben"):
            github.saw_push("feature/x", made, who, "force_push")

        assert host.pusher("feature/x", made) == "ben"

    def test_that_nobody_can_tell(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        made = commit(github.host.path, "feature/x", {"a": "1"})
        assert host.pusher("feature/x", made) is None
        assert host.pusher("gone", made) is None
        github.has_trouble(Reply(404), path="/activity")
        assert host.pusher("feature/x", made) is None


class TestTags:
    ORDER = TagOrder("v1.0.0", "", "Release v1.0.0 - first\n\n## Features\n- x", "Grace <grace@example.com>", AT)

    @pytest.fixture
    def order(self, github: GitHubStandIn) -> TagOrder:
        return replace(self.ORDER, commit=commit(github.host.path, "main", {"a": "1"}))

    @pytest.mark.parametrize("path", ["/git/tags", "/git/refs"])
    def test_a_lost_reply_makes_no_second_one(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: TagOrder, path: str
    ) -> None:
        github.loses_its_reply_after("POST", path)
        if path == "/git/refs":
            with pytest.raises(Unclear):
                host.create_tag(order)

        tag = host.create_tag(order)

        assert (tag.annotated, tag.tagger, tag.message) == (True, "Grace", order.message)
        assert host.tags() == {"v1.0.0": tag}
        assert len(github.asked_for("POST", "/git/refs")) == 1

    def test_a_rule_that_keeps_us_out(self, github: GitHubStandIn, host: GitHubCodeHost, order: TagOrder) -> None:
        github.protected.add("refs/tags/v1.0.0")

        with pytest.raises(
            Refused,
            match="GitHub does not make v1.0.0: Reference cannot be created. A rule of the repository may forbid",
        ):
            host.create_tag(order)

    def test_a_name_without_an_address(self, github: GitHubStandIn, host: GitHubCodeHost, order: TagOrder) -> None:
        host.create_tag(replace(order, author="Grace Hopper"))

        assert github.asked_for("POST", "/git/tags")[0].json()["tagger"] == {
            "name": "Grace Hopper",
            "email": "Grace-Hopper@staging-gate.invalid",
            "date": "2026-11-23T12:00:00Z",
        }


class TestBranches:
    def test_a_protected_one_is_not_deleted(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        made = commit(github.host.path, "staging", {"a": "1"})
        github.protected.add("refs/heads/staging")

        with pytest.raises(Refused, match="422: Cannot delete this protected branch"):
            host.delete_branch("staging", made)

    def test_one_that_somebody_deletes_in_this_moment(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        made = commit(github.host.path, "feature/x", {"a": "1"})
        body = b'{"message": "Reference does not exist"}'
        github.has_trouble(Reply(422, body, {"content-type": "application/json"}), "DELETE")

        host.delete_branch("feature/x", made)

    def test_a_name_in_the_way_of_another(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        made = commit(github.host.path, "feature", {"a": "1"})

        with pytest.raises(Refused, match="GitHub does not make feature/x: .* or a name that begins or ends like it"):
            host.create_branch("feature/x", made)
