"""Who may speak to us: API tokens, of which only the hash is kept."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from staging_gate.domain.actor import ROLES, SYSTEM, Actor, ActorKind
from staging_gate.domain.gate.rules.rights import takes_part
from staging_gate.domain.token import Token
from staging_gate.ports import Ports
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.policy import policy_in_force

PREFIX = "sgt_"
PERSON = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def create(
    ports: Ports,
    person: str,
    by: Actor,
    roles: Sequence[str] = (),
    label: str = "",
    lasts: timedelta | None = None,
) -> tuple[Token, str]:
    """A token for a person of the policy, and its secret, which is shown only now. Raises Unusable."""
    policy = policy_in_force(ports)
    if not takes_part(policy, by):
        raise Unusable(f"{by.name} may only look on, so an administrator makes this token.")
    if not by.has_any("admin") and (by.name != person or roles):
        raise Unusable("Only an administrator makes tokens for others, or with roles of their own.")
    if policy is not None and person not in policy.people and not roles:
        known = ", ".join(policy.people) or "nobody"
        raise Unusable(f"{person!r} is not among the people of gate.yaml ({known}). Add them there first.")
    _refuse_unknown(roles, {*ROLES, *(policy.roles if policy else ())})
    if not PERSON.fullmatch(person) or person == SYSTEM.name:
        raise Unusable(f"{person!r} can not be a name: letters, digits and . _ - are, and {SYSTEM.name} is our own.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with ports.store.transaction() as tx:
        token = Token(
            id=secrets.token_hex(4),
            person=person,
            sha256=hash_of(secret),
            created_at=tx.at,
            created_by=by.name,
            roles=tuple(roles),
            label=label,
            expires_at=_expires(tx.at, lasts, by),
        )
        tx.tokens.add(token)
        tx.audit(by, "token created", token.id, label, person=person, roles=list(roles))
    return token, secret


def revoke(ports: Ports, id: str, by: Actor) -> None:
    with ports.store.transaction() as tx:
        token = tx.tokens.get(id)
        if token is None:
            raise Unknown(f"There is no token {id}. `gate token list` shows them.")
        if not by.has_any("admin") and token.person != by.name:
            raise Unusable("Only an administrator revokes the tokens of others.")
        tx.tokens.revoke(id, tx.at)
        tx.audit(by, "token revoked", id)


def authenticate(ports: Ports, secret: str) -> Actor | None:
    """Who holds this token, with the roles of the policy in force now; None where it is not valid, or its person has
    left the policy."""
    token = token_of(ports, secret)
    return holder(ports, token, ports.clock.now()) if token else None


def token_of(ports: Ports, secret: str) -> Token | None:
    """The token with this secret, valid or not."""
    with ports.store.reading() as tx:
        return tx.tokens.by_hash(hash_of(secret))


def holder(ports: Ports, token: Token, at: datetime) -> Actor | None:
    """Who holds a token that we know, with the roles of now; None where it is not valid any more."""
    if not token.valid_at(at):
        return None
    policy = policy_in_force(ports)
    if policy is not None and token.person not in policy.people and not token.roles:
        return None
    roles = policy.roles_of(token.person) if policy else frozenset()
    return Actor(token.person, ActorKind.PERSON, roles | set(token.roles), token.expires_at)


def _expires(at: datetime, lasts: timedelta | None, by: Actor) -> datetime | None:
    """A token that expires makes none that outlives it, or it would not end."""
    wanted = at + lasts if lasts else None
    return min(filter(None, (wanted, by.until)), default=None)


def _refuse_unknown(roles: Sequence[str], known: set[str]) -> None:
    unknown = next((role for role in roles if role not in known), None)
    if unknown is not None:
        raise Unusable(f"There is no role {unknown!r}. Roles: {', '.join(sorted(known))}.")


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
