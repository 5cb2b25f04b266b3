"""Clone, fetch and push over HTTP, with real git on both sides, and what the judge says to it."""

import base64
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from staging_gate.ports.pushes import RefUpdate
from staging_gate.testing import eventually
from tests.adapters.git.repositories import ENVIRON, Served, commit, git


def test_a_repository_without_commits_can_be_cloned(served: Served) -> None:
    copy = served.clone()

    assert served.host.revision("main") is None
    assert copy.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_push_to_a_feature_branch_goes_through_and_is_passed_on(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")

    said = copy.push("origin", "HEAD:refs/heads/feature/login")

    assert said.code == 0, said.text
    assert served.host.branches() == {"feature/login": pushed}
    assert served.received == [("ada", (RefUpdate("refs/heads/feature/login", None, pushed, "commit", pushed),))]


def test_the_reflog_says_who_pushed(served: Served) -> None:
    copy = served.clone(user="grace")
    copy.commit(a="1")
    copy.push("origin", "HEAD:refs/heads/feature/login")

    log = (served.host.path / "logs" / "refs" / "heads" / "feature" / "login").read_text()

    assert "grace <grace@staging-gate.invalid>" in log


@pytest.mark.parametrize("branch", ["main", "staging"])
def test_a_push_to_a_protected_branch_is_refused_with_the_reason_in_the_terminal(served: Served, branch: str) -> None:
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push("origin", f"HEAD:refs/heads/{branch}")

    assert said.code != 0
    assert f"remote: refs/heads/{branch} is protected, ada. Open a change: gate change open" in said.text
    assert "pre-receive hook declined" in said.text
    assert served.host.branches() == {}
    assert served.received == []


def test_one_refused_ref_refuses_the_whole_push(served: Served) -> None:
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push("origin", "HEAD:refs/heads/feature/a", "HEAD:refs/heads/staging")

    assert said.code != 0
    assert served.host.branches() == {}


def test_annotated_and_lightweight_tags_are_told_apart(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")
    copy.git("tag", "-a", "-m", "first", "one")
    copy.git("tag", "two")
    copy.git("tag", "-a", "-m", "nested", "three", "one")

    assert copy.push("origin", "HEAD:refs/heads/x", "one", "two", "three").code == 0

    seen = {update.ref: update for update in served.judged[-1]}
    one, two, three = (seen[f"refs/tags/{name}"] for name in ("one", "two", "three"))
    assert (one.annotated, one.commit) == (True, pushed)
    assert (two.annotated, two.commit) == (False, pushed)
    assert (three.annotated, three.commit) == (True, pushed)
    assert one.new == copy.git("rev-parse", "refs/tags/one")


def test_a_tag_of_a_file_has_no_commit(served: Served) -> None:
    copy = served.clone()
    copy.commit(a="1")
    copy.git("tag", "file", "HEAD:a")

    assert copy.push("origin", "file").code == 0
    assert [(update.kind, update.commit) for update in served.judged[-1]] == [("blob", None)]
    assert served.host.tags() == {}


def test_a_release_tag_is_refused(served: Served) -> None:
    copy = served.clone()
    copy.commit(a="1")
    copy.git("tag", "-a", "-m", "release", "v1.0.0")

    said = copy.push("origin", "v1.0.0")

    assert "refs/tags/v1.0.0 is protected" in said.text
    assert served.host.tags() == {}


def test_a_branch_can_be_deleted(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")
    copy.push("origin", "HEAD:refs/heads/feature/a")

    said = copy.push("origin", ":refs/heads/feature/a")

    assert said.code == 0, said.text
    assert served.host.branches() == {}
    assert served.received[-1] == ("ada", (RefUpdate("refs/heads/feature/a", pushed, None),))


def test_a_feature_branch_can_be_force_pushed(served: Served) -> None:
    copy = served.clone()
    first = copy.commit(a="1")
    copy.push("origin", "HEAD:refs/heads/feature/a")
    copy.git("commit", "--quiet", "--amend", "-m", "other")
    second = copy.git("rev-parse", "HEAD")

    assert copy.push("origin", "HEAD:refs/heads/feature/a").code != 0
    assert copy.push("--force", "origin", "HEAD:refs/heads/feature/a").code == 0
    assert served.host.branches() == {"feature/a": second}
    assert served.received[-1][1][0].old == first


@pytest.mark.parametrize(
    "branch", ['feature/it\'s "x"'.replace(" ", "-"), "-rf", "--force", "feature/$(id)", "feature/`id`;x", "ünïcode"]
)
def test_odd_but_lawful_names_work(served: Served, branch: str) -> None:
    copy = served.clone()
    pushed = copy.commit(a="1")

    said = copy.push("origin", f"HEAD:refs/heads/{branch}")

    assert said.code == 0, said.text
    assert served.host.branches() == {branch: pushed}
    found = served.host.revision(branch)
    assert found is not None
    assert found.commit == pushed
    served.host.delete_branch(branch, pushed)
    assert served.host.branches() == {}


@pytest.mark.parametrize("branch", ["with space", "a..b", "a~1", "x.lock", "a//b", ".hidden"])
def test_names_that_git_does_not_take_change_nothing(served: Served, branch: str) -> None:
    copy = served.clone()
    copy.commit(a="1")

    assert copy.push("origin", f"HEAD:refs/heads/{branch}").code != 0
    assert served.host.branches() == {}


@pytest.mark.parametrize("ref", ["refs/replace/0000000000000000000000000000000000000001", "refs/notes/x"])
def test_only_branches_and_tags_can_be_pushed(served: Served, ref: str) -> None:
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push("origin", f"HEAD:{ref}")

    assert f"{ref}: only branches and tags can be pushed here" in said.text


def test_our_own_refs_are_hidden_and_can_not_be_pushed(served: Served) -> None:
    base = commit(served.host.path, "main", {"a": "1"})
    head = commit(served.host.path, "feature/a", {"b": "1"}, parent=base)
    served.host.preview_merge(base, head)
    copy = served.clone()

    assert "refs/gate" not in copy.git("ls-remote", "origin")
    assert "deny updating a hidden ref" in copy.push("origin", "HEAD:refs/gate/trial/x").text


def test_a_name_that_can_not_be_shown_is_refused(served: Served) -> None:
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push("origin", "HEAD:refs/heads/feature/\u202egpj")

    assert "has characters that can not be shown. Use letters, digits, - and /." in said.text


def test_a_judge_that_breaks_refuses(served: Served) -> None:
    def break_down() -> None:
        raise RuntimeError("planted")

    served.while_judging = break_down
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push("origin", "HEAD:refs/heads/feature/a")

    assert "remote: Staging Gate could not decide on this push" in said.text
    assert "planted" not in said.text
    assert served.host.branches() == {}


def test_pushes_at_once_to_different_branches_all_arrive(served: Served) -> None:
    commit(served.host.path, "base", {"a": "1"})
    copies = [served.clone(f"copy{number}") for number in range(6)]
    heads = [copy.commit(f"work {number}") for number, copy in enumerate(copies)]

    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda n: copies[n].push("origin", f"HEAD:refs/heads/feature/{n}"), range(6)))

    assert [one.code for one in said] == [0] * 6, said
    assert [served.host.branches()[f"feature/{number}"] for number in range(6)] == heads


def test_of_pushes_at_once_to_one_branch_one_wins(served: Served) -> None:
    commit(served.host.path, "base", {"a": "1"})
    copies = [served.clone(f"copy{number}") for number in range(4)]
    heads = [copy.commit(f"work {number}") for number, copy in enumerate(copies)]

    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda copy: copy.push("origin", "HEAD:refs/heads/feature/a"), copies))

    winners = [head for head, one in zip(heads, said, strict=True) if one.code == 0]
    assert winners == [served.host.branches()["feature/a"]]


def test_a_big_push_arrives_whole(served: Served) -> None:
    copy = served.clone()
    pushed = copy.commit(big=os.urandom(20_000_000))

    said = copy.push("origin", "HEAD:refs/heads/feature/big")

    assert said.code == 0, said.text
    git(served.host.path, "fsck", "--strict")
    again = served.clone("again")
    assert again.git("rev-parse", "origin/feature/big") == pushed


def test_many_wants_and_haves_are_sent_compressed(served: Served) -> None:
    """A fetch with many haves is sent with Content-Encoding: gzip."""
    for number in range(60):
        commit(served.host.path, "main", {"a": str(number)}, message=f"work {number}")
    copy = served.clone()
    for number in range(60):
        copy.commit(f"mine {number}")
    new = commit(served.host.path, "main", {"a": "new"})

    copy.git("fetch", "--quiet")

    assert copy.git("rev-parse", "origin/main") == new


@pytest.mark.parametrize("version", ["0", "2"])
def test_old_and_new_protocol(served: Served, version: str) -> None:
    head = commit(served.host.path, "main", {"a": "1"})

    listed = git(served.folder, "-c", f"protocol.version={version}", "ls-remote", served.url(), "refs/heads/main")

    assert listed.split()[0] == head


def test_a_repository_of_another_user_is_served(served: Served) -> None:
    if os.getuid() != 0:
        return  # only root can give a file away
    head = commit(served.host.path, "main", {"a": "1"})
    for folder, _, files in os.walk(served.host.path):
        for name in [folder, *(os.path.join(folder, file) for file in files)]:
            os.chown(name, 65534, 65534)

    copy = served.clone()
    copy.commit(b="2")

    assert copy.git("rev-parse", "origin/main") == head
    assert copy.push("origin", "HEAD:refs/heads/feature/a").code == 0
    assert len(served.host.commits(None, "feature/a")) == 2


def test_a_push_into_the_folder_itself_is_refused(served: Served) -> None:
    copy = served.clone()
    copy.commit(a="1")

    said = copy.push(str(served.host.path), "HEAD:refs/heads/feature/a")

    assert said.code != 0
    assert "remote: This repository takes pushes only at the HTTP address of Staging Gate" in said.text
    assert "Push to the address that `gate status` shows" in said.text
    assert served.host.branches() == {}


@pytest.mark.parametrize("damage", ["gone", "empty", "not executable"])
def test_a_damaged_hook_is_put_back_before_a_push(served: Served, damage: str) -> None:
    hook = served.host.path / "hooks" / "pre-receive"
    if damage == "gone":
        hook.unlink()
    elif damage == "empty":
        hook.write_text("#!/bin/sh\nexit 0\n")
    else:
        hook.chmod(0o644)
    copy = served.clone()
    copy.commit(a="1")

    assert copy.push("origin", "HEAD:refs/heads/staging").code != 0
    assert served.host.branches() == {}


def test_who_pushed_is_known_of_each_commit_of_a_branch(served: Served) -> None:
    hers, his = served.clone("hers", user="ada"), served.clone("his", user="ben")
    first = hers.commit(a="1")
    hers.push("origin", "HEAD:refs/heads/feature/a")
    his.git("fetch", "--quiet", "origin", "feature/a")
    his.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    second = his.commit(a="2")
    his.push("origin", "HEAD:refs/heads/feature/a")

    assert served.host.pusher("feature/a", first) == "ada"
    assert served.host.pusher("feature/a", second) == "ben"
    third = commit(served.host.path, "feature/a", {"a": "3"})
    assert served.host.pusher("feature/a", third) is None
    assert served.host.pusher("feature/a", "1" * 40) is None
    assert served.host.pusher("feature/none", first) is None


def test_a_push_is_attributed_as_soon_as_its_branch_has_moved(served: Served) -> None:
    """A client that keeps its request open keeps us from passing the push on; who it was is known all the same."""
    copy = served.clone(user="mallory")
    pushed = copy.commit(a="1")
    packing = ["git", "-C", str(copy.path), "pack-objects", "--all", "--stdout", "-q"]
    pack = subprocess.run(packing, input=b"", stdout=subprocess.PIPE, env=ENVIRON, check=True).stdout
    command = f"{'0' * 40} {pushed} refs/heads/feature/a\0 report-status".encode()
    body = b"%04x%s0000" % (len(command) + 4, command) + pack
    with socket.create_connection(("127.0.0.1", int(urlsplit(served.address).port or 0)), timeout=10) as raw:
        raw.sendall(
            b"POST /git/marketedge.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Authorization: Basic " + base64.b64encode(b"mallory:right") + b"\r\n"
            b"Content-Type: application/x-git-receive-pack-request\r\n\r\n"
            + b"%x\r\n%s\r\n"
            % (len(body), body)  # and no last chunk
        )
        eventually(lambda: served.host.branches() == {"feature/a": pushed})

        assert served.received == []
        assert served.host.pusher("feature/a", pushed) == "mallory"
