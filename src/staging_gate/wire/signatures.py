"""Who really sent a webhook: its signature over the raw bytes, compared in constant time.

Headers come as the server has them: lower-case names and values in bytes. Several secrets are tried, so that a new one
can be set up before the old one is taken away.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Headers = Mapping[bytes, bytes]

REPLAY_WINDOW = timedelta(minutes=5)
LONGEST_KEY = 200


@dataclass(frozen=True)
class Signed:
    """What a delivery says of itself; `key` is the same when it is sent again."""

    key: str
    event: str


class BadSignature(Exception):
    """It was not signed with our secret, or too long ago; the text says which, and what to look at."""


Verify = Callable[[Headers, bytes, Sequence[bytes], datetime], Signed]
"""Raises BadSignature."""


def github(headers: Headers, body: bytes, secrets: Sequence[bytes], at: datetime) -> Signed:
    """`X-Hub-Signature-256: sha256=<hex HMAC>`; the delivery's id stays the same when it is delivered again.

    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    _compare(headers, b"x-hub-signature-256", body, secrets, "sha256", b"sha256=")
    return Signed(_text(headers, b"x-github-delivery") or digest(body), _text(headers, b"x-github-event"))


def vercel(headers: Headers, body: bytes, secrets: Sequence[bytes], at: datetime) -> Signed:
    """`x-vercel-signature: <hex HMAC-SHA1>`, without a time: the id in the body tells what came before.

    https://vercel.com/docs/webhooks/webhooks-api
    """
    _compare(headers, b"x-vercel-signature", body, secrets, "sha1", b"")
    said = _read(body)
    return Signed(_word(said, "id") or digest(body), _word(said, "type"))


def render(headers: Headers, body: bytes, secrets: Sequence[bytes], at: datetime) -> Signed:
    """Standard Webhooks: base64 HMAC-SHA256 of `id.timestamp.body`, keyed with what follows `whsec_`, base64 too.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    id, sent = headers.get(b"webhook-id", b""), headers.get(b"webhook-timestamp", b"")
    given = [part[3:] for part in headers.get(b"webhook-signature", b"").split() if part.startswith(b"v1,")]
    if not id or not given:
        raise BadSignature("The headers webhook-id, webhook-timestamp and webhook-signature (v1) are needed.")
    _refuse_old(sent, at)
    content = b".".join((id, sent, body))
    wanted = [base64.b64encode(hmac.digest(_standard_key(secret), content, "sha256")) for secret in secrets]
    if not _any_equal(given, wanted):
        raise BadSignature("The signature does not fit: it was made with another secret, or the body was changed.")
    return Signed(_text(headers, b"webhook-id"), _word(_read(body), "type"))


SCHEMES: Mapping[str, Verify] = {"github": github, "render": render, "vercel": vercel}


def digest(body: bytes) -> str:
    """Names a delivery that has no name of its own."""
    return hashlib.sha256(body).hexdigest()


def _compare(
    headers: Headers, name: bytes, body: bytes, secrets: Sequence[bytes], algorithm: str, prefix: bytes
) -> None:
    given = headers.get(name, b"")
    if not given.startswith(prefix) or len(given) == len(prefix):
        raise BadSignature(f"The header {name.decode()} is needed: give the webhook a secret.")
    wanted = [prefix + hmac.digest(secret, body, algorithm).hex().encode() for secret in secrets]
    if not _any_equal([given], wanted):
        raise BadSignature("The signature does not fit: it was made with another secret, or the body was changed.")


def _any_equal(given: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
    """Every pair is compared, so that the time tells nothing."""
    return any([hmac.compare_digest(one, other) for one in given[:10] for other in wanted])


def _refuse_old(sent: bytes, at: datetime) -> None:
    if not sent.isdigit() or len(sent) > 12:
        raise BadSignature("webhook-timestamp is no number of seconds.")
    if abs(at.timestamp() - int(sent)) > REPLAY_WINDOW.total_seconds():
        raise BadSignature("It was sent more than 5 minutes ago, or the clocks differ: look at this machine's.")


def _standard_key(secret: bytes) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret


def _text(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("ascii", "replace")[:LONGEST_KEY]


def _read(body: bytes) -> object:
    """Whatever it is: a delivery is never refused for its shape."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _word(said: object, name: str) -> str:
    value = said.get(name) if isinstance(said, dict) else None
    return value[:LONGEST_KEY] if isinstance(value, str) else ""
