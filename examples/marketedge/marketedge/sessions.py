"""Who is signed in. Logins under way and sessions are rows, so that both outlive the process that began them."""

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

from fastapi import HTTPException, Request
from sqlalchemy import Engine, delete, insert, select, update

from marketedge.provider import Person
from marketedge.tables import logins, sessions, users

LOGIN_SECONDS = 10 * 60
SESSION_SECONDS = 12 * 60 * 60
SUPER_ADMIN = "super_admin"


@dataclass(frozen=True)
class Login:
    """A sign-in under way: what the provider's answer must fit."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True)
class User:
    email: str
    name: str
    role: str


def begin_login(database: Engine, redirect_uri: str) -> Login:
    login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), redirect_uri)
    with database.begin() as connection:
        connection.execute(delete(logins).where(logins.c.started_at < _seconds() - LOGIN_SECONDS))
        connection.execute(insert(logins).values(**vars(login), started_at=_seconds()))
    return login


def take_login(database: Engine, state: str) -> Login | None:
    """The login that `state` began, once; None where there is none, or it took too long."""
    fresh = (logins.c.state == state) & (logins.c.started_at >= _seconds() - LOGIN_SECONDS)
    columns = (logins.c.state, logins.c.nonce, logins.c.verifier, logins.c.redirect_uri)
    with database.begin() as connection:
        row = connection.execute(delete(logins).where(fresh).returning(*columns)).first()
    return Login(*row) if row else None


def begin_session(database: Engine, person: Person) -> str:
    """Note the person down and return the token of a new session."""
    token = secrets.token_urlsafe(32)
    noted = {"name": person.name, "role": SUPER_ADMIN if SUPER_ADMIN in person.roles else "user"}
    with database.begin() as connection:
        if not connection.execute(update(users).where(users.c.email == person.email).values(**noted)).rowcount:
            connection.execute(insert(users).values(email=person.email, **noted))
        connection.execute(delete(sessions).where(sessions.c.expires_at < _seconds()))
        connection.execute(
            insert(sessions).values(
                token_hash=_hash(token), email=person.email, expires_at=_seconds() + SESSION_SECONDS
            )
        )
    return token


def end_session(database: Engine, token: str) -> None:
    with database.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.token_hash == _hash(token)))


def cookie_name(request: Request, purpose: str) -> str:
    """Environments on one host share its cookies, so each has its own names."""
    return f"marketedge_{purpose}_{request.app.state.settings.running.environment}"


def signed_in(request: Request) -> User:
    """The user of this request; 401 without one."""
    token = request.cookies.get(cookie_name(request, "session"), "")
    query = (
        select(users.c.email, users.c.name, users.c.role)
        .join(sessions, sessions.c.email == users.c.email)
        .where(sessions.c.token_hash == _hash(token), sessions.c.expires_at > _seconds())
    )
    with request.app.state.database.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise HTTPException(401, "You are not signed in.")
    return User(*row)


def super_admin(request: Request) -> User:
    """The user of this request, who must be a super admin; 401 or 403 otherwise."""
    user = signed_in(request)
    if user.role != SUPER_ADMIN:
        raise HTTPException(403, "This needs the super_admin role.")
    return user


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _seconds() -> int:
    return int(time.time())
