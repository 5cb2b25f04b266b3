"""What a browser carries instead of a token: it reads, and acts nowhere.

A cookie goes to every port of a machine, so the services that we run beside us see it. A token would be theirs then.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from staging_gate.domain.actor import Actor
from staging_gate.domain.token import Token
from staging_gate.ports import Ports
from staging_gate.runbook import tokens

LASTS = timedelta(days=30)


def begin(ports: Ports, secret: str) -> str | None:
    """A session of who holds this token; None where it is not valid. It ends with its token, if not before."""
    if tokens.authenticate(ports, secret) is None:
        return None
    with ports.store.reading() as tx:
        token = tx.tokens.by_hash(tokens.hash_of(secret))
        until = int((tx.at + LASTS).timestamp())
    return f"{token.id}.{until}.{_seal(token, until)}" if token else None


def reader(ports: Ports, session: str) -> Actor | None:
    """Whose session this is; None where it is none, or none any more."""
    token, at = token_of(ports, session), ports.clock.now()
    return tokens.holder(ports, token, at) if token else None


def token_of(ports: Ports, session: str) -> Token | None:
    """The token that the session was begun with, valid or not; None where it is no session, or none any more."""
    id, _, rest = session.partition(".")
    until, _, seal = rest.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 12):
        return None
    with ports.store.reading() as tx:
        token, at = tx.tokens.get(id), tx.at
    if token is None or at >= datetime.fromtimestamp(int(until), UTC):
        return None
    if not hmac.compare_digest(seal.encode(), _seal(token, int(until)).encode()):
        return None
    return token


def _seal(token: Token, until: int) -> str:
    return hmac.new(bytes.fromhex(token.sha256), f"session {token.id} {until}".encode(), hashlib.sha256).hexdigest()
