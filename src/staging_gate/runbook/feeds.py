"""Who may read a feed: calendar programs send no headers, so the address holds a key that opens this and nothing else.

The key is made from a token and ends with it. It is kept nowhere, and can not be turned into the token or a session.
"""

import hashlib
import hmac

from staging_gate.domain.actor import Actor
from staging_gate.domain.token import Token
from staging_gate.ports import Ports
from staging_gate.runbook import tokens


def key_of(token: Token) -> str:
    return f"{token.id}.{_seal(token)}"


def reader(ports: Ports, key: str) -> Actor | None:
    """Whose key this is; None where it is none, or its token is not valid any more."""
    id, _, seal = key.partition(".")
    with ports.store.reading() as tx:
        token, at = tx.tokens.get(id), tx.at
    if token is None or not hmac.compare_digest(seal.encode(), _seal(token).encode()):
        return None
    return tokens.holder(ports, token, at)


def _seal(token: Token) -> str:
    return hmac.new(bytes.fromhex(token.sha256), f"calendar feed {token.id}".encode(), hashlib.sha256).hexdigest()
