"""Sign-in, addresses and limits of the bridge, as HTTP."""

import base64
import http.client
import os
import socket
import subprocess
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from staging_gate.adapters.git import bridge
from staging_gate.adapters.git.requests import read_request
from tests.adapters.git.repositories import ENVIRON, Served, commit, serve

PUSH = "application/x-git-receive-pack-request"


def ask(
    served: Served, method: str, path: str, body: bytes = b"", token: str | None = "right", **headers: str
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=30)
    if token is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"ada:{token}".encode()).decode()
    connection.request(method, "/git" + path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(errors="replace"), answer.headers
    connection.close()
    return found


def ls_remote(url: str) -> str:
    done = subprocess.run(["git", "ls-remote", url], capture_output=True, env=ENVIRON, timeout=30)
    assert done.returncode != 0
    return done.stderr.decode()


def test_without_a_token_nothing_is_shown(served: Served) -> None:
    status, text, headers = ask(served, "GET", "/marketedge.git/info/refs?service=git-upload-pack", token=None)

    assert status == 401
    assert headers["WWW-Authenticate"] == 'Basic realm="Staging Gate", charset="UTF-8"'
    assert text.startswith("Sign in to use this repository: your name, and an API token as the password.")


def test_a_wrong_token_is_explained_in_the_terminal(served: Served) -> None:
    said = ls_remote(served.url(token="wrong"))

    assert "remote: This name and API token do not fit together" in said
    assert "`gate token` makes a new one" in said


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer right", "Basic /w=="])
def test_unreadable_sign_in_is_none(served: Served, header: str) -> None:
    status, _, _ = ask(served, "GET", "/marketedge.git/info/refs", token=None, Authorization=header)

    assert status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/other.git/info/refs",
        "/marketedge.git",
        "/marketedge.git/config",
        "/marketedge.git/hooks/pre-receive",
        "/marketedge.git/objects/../config",
        "/marketedge.git/../marketedge.git/config",
        "/marketedge.git/%2e%2e/%2e%2e/etc/passwd",
        "/marketedge.git/info/refs/../../config",
        "/marketedge.git/logs/HEAD",
        "/marketedge.git//info/refs",
    ],
)
def test_other_addresses_are_not_here(served: Served, path: str) -> None:
    status, text, _ = ask(served, "GET", path)

    assert status == 404
    assert text == "There is nothing for git at this address. The repository's address ends in /marketedge.git\n"


def test_an_unknown_method_is_not_here(served: Served) -> None:
    assert ask(served, "DELETE", "/marketedge.git/info/refs")[0] == 404
    assert ask(served, "GET", "/marketedge.git/git-receive-pack")[0] == 404


def test_a_form_of_another_site_can_not_push(served: Served) -> None:
    status, _, _ = ask(served, "POST", "/marketedge.git/git-receive-pack", b"0000", Content_Type="text/plain")

    assert status == 415


def test_objects_can_be_fetched_one_by_one(served: Served) -> None:
    commit(served.host.path, "main", {"a": "1"})

    assert ask(served, "GET", "/marketedge.git/HEAD")[1] == "ref: refs/heads/main\n"
    assert ask(served, "GET", "/marketedge.git/objects/info/packs")[0] == 200


def test_it_also_works_without_a_mount() -> None:
    scope = {
        "method": "GET",
        "path": "/marketedge.git/info/refs",
        "query_string": b"service=git-upload-pack",
        "headers": [],
    }

    found = read_request(scope, "marketedge")

    assert found is not None
    assert (found.place, found.query, found.client) == ("/info/refs", "service=git-upload-pack", "")


def test_an_announced_body_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with serve(tmp_path, largest=1024 * 1024) as served:
        with socket.create_connection(("127.0.0.1", int(urlsplit(served.address).port or 0)), timeout=10) as raw:
            credentials = base64.b64encode(b"ada:right").decode()
            head = f"POST /git/marketedge.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: {PUSH}\r\n"
            head += f"Authorization: Basic {credentials}\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n"
            raw.sendall(head.encode())
            said = raw.makefile().read()
        assert said.startswith("HTTP/1.1 413")
        assert "larger than the 1 MB that are taken. Nothing was changed. Push it in smaller parts" in said


def test_a_push_that_is_too_large_is_refused_and_explained(tmp_path: Path) -> None:
    with serve(tmp_path, largest=3 * 1024 * 1024) as served:
        copy = served.clone()
        copy.commit(big=os.urandom(20_000_000))

        said = copy.push("origin", "HEAD:refs/heads/feature/big")

        assert said.code != 0
        assert served.host.branches() == {}
        assert "remote: fatal: pack exceeds maximum allowed size" in said.text
        assert not list((served.host.path / "objects").glob("tmp_objdir*"))


@pytest.mark.parametrize(
    ("script", "status", "text"),
    [
        ("kill -9 $$", 502, "git ended in the middle of its work. Fetch to see what arrived, and try again.\n"),
        (
            "exec sleep 60",
            504,
            "This took longer than 0.5 s and was stopped. Fetch to see what arrived, and try again.\n",
        ),
    ],
)
def test_a_git_that_gives_no_answer_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, status: int, text: str
) -> None:
    program = tmp_path / "git-http-backend"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(bridge, "http_backend", lambda: program)

    with serve(tmp_path, within=timedelta(seconds=0.5)) as served:
        assert ask(served, "GET", "/marketedge.git/info/refs")[:2] == (status, text)


def test_what_git_does_not_find_in_the_repository(served: Served) -> None:
    served.host.path.rename(served.folder / "elsewhere")

    assert "not found" in ls_remote(served.url())
