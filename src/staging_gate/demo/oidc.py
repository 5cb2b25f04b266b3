"""An identity provider for the sample product, on this machine only: `python -m staging_gate.demo.oidc --port 9000`.

Routes and words are Auth0's. It asks for no password: `login_hint` says who signs in, and without it a page offers
everybody there is. Everything is forgotten when the process ends.
"""

import argparse
import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

ROLES_CLAIM = "https://marketedge.example/roles"
ROLES = {"ada@zebra.example": ["user"], "root@zebra.example": ["user", "super_admin"]}
# A candidate listens on a port that nobody knows beforehand, hence any port of this machine (as RFC 8252 has it).
CALLBACKS = ("http://127.0.0.1:*/api/v1/auth/callback",)
TOKEN_SECONDS = 3600

Query = Mapping[str, str]


class Denied(Exception):
    """Said no; the text is for the person who reads it."""


class Tenant:
    """What the provider knows: its key, the callback addresses it allows, the codes and tokens that it gave out."""

    def __init__(self, issuer: str, callbacks: tuple[str, ...] = CALLBACKS) -> None:
        self.issuer = issuer
        self._callbacks = callbacks
        self._key = generate_private_key(65537, 2048)
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, str] = {}

    def discovery(self) -> dict[str, Any]:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "oauth/token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": ".well-known/jwks.json",
        }
        offered = {
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }
        return {"issuer": self.issuer, **{name: self.issuer + path for name, path in places.items()}, **offered}

    def keys(self) -> dict[str, Any]:
        public = self._key.public_key().public_numbers()
        numbers = {"n": _encoded(public.n.to_bytes(256, "big")), "e": _encoded(public.e.to_bytes(3, "big"))}
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "demo", **numbers}]}

    def check_callback(self, callback: str) -> None:
        if not any(fnmatchcase(callback, allowed) for allowed in self._callbacks):
            raise Denied(
                f"Callback URL mismatch. The provided redirect_uri {callback!r} is not in the list of allowed "
                f"callback URLs: {', '.join(self._callbacks)}"
            )

    def authorize(self, query: Query) -> str:
        """The address to send the browser back to, with a code or an error. Raises Denied."""
        self.check_callback(query.get("redirect_uri", ""))
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise Denied("Only response_type=code with code_challenge_method=S256 (PKCE) is offered.")
        answer = {"error": "access_denied", "error_description": f"Nobody is called {query['login_hint']}."}
        if query["login_hint"] in ROLES:
            answer = {"code": secrets.token_urlsafe(16)}
            self._codes[answer["code"]] = dict(query)
        return f"{query['redirect_uri']}?{urlencode({**answer, 'state': query.get('state', '')})}"

    def exchange(self, form: Query) -> dict[str, Any]:
        """Tokens for a code, once. Raises Denied."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            raise Denied("Invalid authorization code")
        if _encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest()) != asked.get("code_challenge"):
            raise Denied("Failed to verify code verifier")
        if any(form.get(name) != asked.get(name) for name in ("client_id", "redirect_uri")):
            raise Denied("client_id or redirect_uri are not those that the login began with")
        access = self._access_token(asked)
        self._tokens[access] = asked["login_hint"]
        person = {"aud": asked["client_id"], "nonce": asked.get("nonce"), **self.userinfo(access)}
        tokens = {"access_token": access, "id_token": self._signed(person)}
        return {**tokens, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    def userinfo(self, token: str) -> dict[str, Any]:
        """Whose access token this is. Raises Denied."""
        if token not in self._tokens:
            raise Denied("Unauthorized")
        email = self._tokens[token]
        return {"sub": f"demo|{email}", "email": email, "name": email.partition("@")[0].title()}

    def _access_token(self, asked: Query) -> str:
        """A token for the API that `audience` names; without one only we can read it, as at Auth0."""
        email = asked["login_hint"]
        if "audience" not in asked:
            return secrets.token_urlsafe(24)
        return self._signed({"aud": asked["audience"], "sub": f"demo|{email}", ROLES_CLAIM: ROLES[email]})

    def _signed(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        body = {"iss": self.issuer, "iat": now, "exp": now + TOKEN_SECONDS, **claims}
        parts = ({"alg": "RS256", "typ": "JWT", "kid": "demo"}, body)
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(self._key.sign(text.encode(), PKCS1v15(), SHA256()))}"


class Face(BaseHTTPRequestHandler):
    """The tenant over HTTP."""

    tenant: Tenant

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        routes: dict[str, Callable[[], None]] = {
            "/.well-known/openid-configuration": lambda: self._json(self.tenant.discovery()),
            "/.well-known/jwks.json": lambda: self._json(self.tenant.keys()),
            "/userinfo": lambda: self._json(self.tenant.userinfo(bearer)),
            "/authorize": lambda: self._authorize(dict(parse_qsl(url.query))),
        }
        self._try(routes.get(url.path))

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
        self._try((lambda: self._json(self.tenant.exchange(form))) if self.path == "/oauth/token" else None)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: codes and tokens are in the addresses."""

    def _try(self, answer: Callable[[], None] | None) -> None:
        if answer is None:
            return self._send(404, "text/plain", "Not Found")
        try:
            answer()
        except Denied as denied:
            self._json({"error": "invalid_request", "error_description": str(denied)}, status=400)

    def _authorize(self, query: dict[str, str]) -> None:
        if "login_hint" in query:
            return self._send(302, "text/plain", "", location=self.tenant.authorize(query))
        self.tenant.check_callback(query.get("redirect_uri", ""))
        links = (f'<li><a href="?{escape(urlencode({**query, "login_hint": who}))}">{who}</a></li>' for who in ROLES)
        return self._send(200, "text/html", f"<!doctype html><title>Sign in</title><h1>Sign in as</h1>{''.join(links)}")

    def _json(self, body: dict[str, Any], status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(body))

    def _send(self, status: int, kind: str, body: str, location: str | None = None) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body.encode()))),
            ("Location", location),
        ):
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


def provider(port: int = 0, callbacks: tuple[str, ...] = CALLBACKS) -> ThreadingHTTPServer:
    """The provider on this port of 127.0.0.1, or on a free one; not yet serving."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Face)
    Face.tenant = Tenant(f"http://127.0.0.1:{server.server_port}/", callbacks)
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description="An identity provider for the sample product.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--allow-callback", action="append", metavar="URL", help="may contain *; can be repeated")
    arguments = parser.parse_args()
    provider(arguments.port, tuple(arguments.allow_callback or CALLBACKS)).serve_forever()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
