"""Tokens of an App: made, renewed, revoked; and keys that are none."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.ports.errors import Refused
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import connected


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def pem(github: GitHubStandIn, key: RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    github.app_key = public.decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def host(github: GitHubStandIn, pem: str, tmp_path: Path) -> Iterator[GitHubCodeHost]:
    host = connected(github, tmp_path, app="Iv23liABC", key=pem, fresh_for=timedelta(0))
    yield host
    host.close()


def made(github: GitHubStandIn) -> int:
    return len(github.asked_for("POST", "/access_tokens"))


def test_the_app_signs_in_with_a_long_token(github: GitHubStandIn, host: GitHubCodeHost) -> None:
    tip = commit(github.host.path, "main", {"a": "1"})

    assert host.branches() == {"main": tip}
    host.create_branch("staging", tip)

    assert made(github) == 1
    [asked] = github.asked_for("POST", "/access_tokens")
    assert asked.json() == {"repositories": ["marketedge"]}
    assert len(github.asked_for("POST", "/git/refs")[0].headers["authorization"]) > 500


def test_a_token_is_renewed_before_it_expires(github: GitHubStandIn, host: GitHubCodeHost, clock: MovableClock) -> None:
    commit(github.host.path, "main", {"a": "1"})
    for minutes, tokens in ((0, 1), (54, 1), (2, 2), (30, 2), (30, 3)):
        clock.advance(minutes=minutes)
        assert host.branches()
        assert made(github) == tokens


def test_a_revoked_token_is_replaced_once(github: GitHubStandIn, host: GitHubCodeHost, clock: MovableClock) -> None:
    tip = commit(github.host.path, "main", {"a": "1"})
    assert host.branches()
    clock.advance(minutes=10)
    github.revoke()

    assert host.branches() == {"main": tip}
    assert made(github) == 2
    clock.advance(minutes=10)
    github.revoke()
    assert host.calls.repository().full_name == "zebra/marketedge"
    assert made(github) == 3
    github.has_trouble(Reply(401, b'{"message": "Bad credentials"}', {"content-type": "application/json"}), times=9)
    with pytest.raises(Refused, match="401: Bad credentials. The token was revoked, has expired or is wrong"):
        host.calls.repository()
    assert made(github) == 3


def test_an_app_that_is_not_installed(github: GitHubStandIn, host: GitHubCodeHost) -> None:
    github.has_trouble(Reply(404), path="/installation")

    with pytest.raises(Refused, match="The GitHub App is not installed on zebra/marketedge. Install it there"):
        host.branches()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"])
def test_a_key_that_is_none(github: GitHubStandIn, tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match="The private key of the GitHub App can not be used: expected the PEM file"):
        connected(github, tmp_path, app="99", key=text)
