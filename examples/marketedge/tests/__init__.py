"""Unit tests, in this process, on SQLite: `python -m unittest`."""

import os
import tempfile
import unittest
from pathlib import Path

from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient

from marketedge.app import create
from marketedge.provider import InvalidToken, Person
from marketedge.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
FRONT = "http://front.example"


class FakeProvider:
    """Knows everybody who brings a code: the code is their email address."""

    roles: tuple[str, ...] = ()

    def authorize_url(self, redirect_uri: str, state: str, nonce: str, challenge: str, login_hint: str = "") -> str:
        return f"http://provider.example/authorize?state={state}"

    def person(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Person:
        if "@" not in code:
            raise InvalidToken("JWT verification failed: no such person")
        return Person(code, code.partition("@")[0].title(), self.roles)


class WithBackend(unittest.TestCase):
    """A migrated database for the class, and a fresh browser for each test."""

    environ: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.environ = {
            "DATABASE_URL": f"sqlite:///{folder.name}/test.db",
            "ENVIRONMENT": "test",
            "REVISION": "abc",
            "RELEASE": "v1.0.0",
            "AUTH0_ISSUER": "http://provider.example",
            "AUTH0_CLIENT_ID": "marketedge",
            "AUTH0_AUDIENCE": "https://api.marketedge.example",
            "WEB_URL": FRONT,
            "ALLOWED_ORIGINS": FRONT,
        }
        os.environ["DATABASE_URL"] = cls.environ["DATABASE_URL"]
        command.upgrade(Config(str(ROOT / "alembic.ini")), "head")

    def setUp(self) -> None:
        self.app = create(read_settings(self.environ))
        self.provider = self.app.state.provider = FakeProvider()
        self.browser = TestClient(self.app, base_url="http://testserver", follow_redirects=False)
        self.addCleanup(self.app.state.database.dispose)

    def sign_in(self, email: str, *roles: str) -> None:
        self.provider.roles = roles
        callback = "http://testserver/api/v1/auth/callback"
        asked = self.browser.get("/api/v1/auth/auth0-url", params={"redirect_uri": callback})
        state = asked.json()["auth_url"].partition("state=")[2]
        landed = self.browser.get("/api/v1/auth/callback", params={"code": email, "state": state})
        self.assertEqual((landed.status_code, landed.headers.get("location")), (303, FRONT), landed.text)
