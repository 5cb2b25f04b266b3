from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from tests.adapters.github.connecting import connected, github_stand_in


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def github(tmp_path: Path, clock: MovableClock) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, clock) as stand_in:
        yield stand_in


@pytest.fixture
def host(github: GitHubStandIn, tmp_path: Path) -> Iterator[GitHubCodeHost]:
    host = connected(github, tmp_path)
    yield host
    host.close()


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
def pem(github: GitHubStandIn, key: RSAPrivateKey) -> str:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    github.app_key = public.decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture
def app(github: GitHubStandIn, pem: str, tmp_path: Path) -> Iterator[GitHubCodeHost]:
    """Signed in as an App."""
    host = connected(github, tmp_path, app="Iv23liABC", key=pem)
    yield host
    host.close()
