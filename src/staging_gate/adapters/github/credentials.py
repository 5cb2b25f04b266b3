"""Signing in to GitHub: a token that somebody made, or an App's that we make ourselves and renew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

import jwt

from staging_gate.adapters.github.shapes import Installation, InstallationToken, understood
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Refused
from staging_gate.wire.http import Credentials, Http

LIFE_OF_A_JWT = timedelta(minutes=9)
"""GitHub takes ten at most."""

SKEW = timedelta(seconds=60)
"""How far GitHub's clock may be behind ours."""

RENEW_BEFORE = timedelta(minutes=5)


class SignIn(Credentials, Protocol):
    """Credentials of the API that git takes as well."""

    def token(self) -> str: ...


@dataclass(frozen=True)
class Token:
    """A personal access token, fine-grained or classic."""

    secret: str

    def token(self) -> str:
        return self.secret

    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.secret}"}

    def refused(self) -> bool:
        return False


class AppKey:
    """Signs in as the App itself, which may ask for its installations and their tokens only."""

    def __init__(self, app: str, key: str, clock: Clock) -> None:
        """`app` is its client id or number, `key` its private key in PEM. Refused where that is none."""
        self._app, self._key, self._clock = app, key, clock
        self.headers()

    def headers(self) -> Mapping[str, str]:
        now = self._clock.now()
        claims = {"iss": self._app, "iat": now - SKEW, "exp": now + LIFE_OF_A_JWT}
        try:
            signed = jwt.encode(claims, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise Refused(
                "The private key of the GitHub App can not be used: expected the PEM file that GitHub gave when the "
                "key was made (BEGIN RSA PRIVATE KEY). Put it where the settings say."
            ) from error
        return {"authorization": f"Bearer {signed}"}

    def refused(self) -> bool:
        return False


class AppToken:
    """A token of the App's installation on one repository, for an hour; a new one is made before it ends.

    Its length and form are nobody's business. Safe from any thread.
    """

    def __init__(self, app: Http, repository: str, clock: Clock) -> None:
        """`app` is signed in by AppKey; `repository` is OWNER/NAME."""
        self._app, self._repository, self._clock = app, repository, clock
        self._turn = Lock()
        self._made: tuple[InstallationToken, datetime] | None = None

    def token(self) -> str:
        with self._turn:
            now = self._clock.now()
            if self._made is None or self._made[0].expires_at - now < RENEW_BEFORE:
                self._made = self._fresh(), now
            return self._made[0].token

    def permissions(self) -> dict[str, str] | None:
        """What the token may do, by the right's name; None where GitHub did not say."""
        self.token()
        return self._made[0].permissions if self._made else None

    @property
    def as_app(self) -> Http:
        """What only the App itself may ask, and none of its installations."""
        return self._app

    def installation(self) -> Installation:
        """The App's on this repository. Refused where there is none."""
        found = self._app.get(f"/repos/{self._repository}/installation", also=(404,))
        if found.status == 404:
            raise Refused(
                f"The GitHub App is not installed on {self._repository}. Install it there: on GitHub, the App's page, "
                "Install App."
            )
        return understood(Installation, found)

    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token()}"}

    def refused(self) -> bool:
        """A token may be revoked before its hour is over; one that was made just now is refused for another reason."""
        with self._turn:
            if self._made is None or self._clock.now() - self._made[1] < SKEW:
                return False
            self._made = None
            return True

    def _fresh(self) -> InstallationToken:
        number = self.installation().id
        name = self._repository.partition("/")[2]
        made = self._app.ask(
            "POST", f"/app/installations/{number}/access_tokens", body={"repositories": [name]}, harmless=True
        )
        token = understood(InstallationToken, made)
        self._app.redactor.learn(token.token)
        return token
