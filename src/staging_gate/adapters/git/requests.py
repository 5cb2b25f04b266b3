"""What the bridge reads from a request, and the plain answers that git shows to its user."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SERVED = {
    "POST": re.compile(r"/git-(?:upload|receive)-pack"),
    "GET": re.compile(
        r"/info/refs|/HEAD|/objects/info/(?:packs|alternates|http-alternates)"
        r"|/objects/[0-9a-f]{2}/[0-9a-f]{38,62}|/objects/pack/pack-[0-9a-f]{40,64}\.(?:pack|idx)"
    ),
}


@dataclass(frozen=True)
class Request:
    """`place` is the path below the repository."""

    method: str
    place: str
    query: str
    headers: dict[str, str]
    client: str

    @property
    def is_push(self) -> bool:
        """Whether it carries a push; asking for the refs before it does not."""
        return self.place == "/git-receive-pack"

    @property
    def length(self) -> int | None:
        """The size of the body in bytes, where it was announced."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isdigit() else None

    def credentials(self) -> tuple[str, str] | None:
        """Name and password of Basic sign-in; None where there are none that can be read."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (name, password) if colon else None


def read_request(scope: Scope, name: str) -> Request | None:
    """None where the address is not one that git asks for in the repository `name`."""
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    place = path.removeprefix(f"/{name}.git")
    served = _SERVED.get(str(scope["method"]))
    if place == path or served is None or not served.fullmatch(place):
        return None
    return Request(
        str(scope["method"]),
        place,
        bytes(scope["query_string"]).decode("latin-1"),
        read_headers(scope),
        str((scope.get("client") or ("",))[0]),
    )


def read_headers(scope: Scope) -> dict[str, str]:
    return {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}


@dataclass(frozen=True)
class Answer:
    """Plain text: git prints it as `remote: ...` where the status is an error."""

    status: int
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def give(self, send: Send) -> None:
        body = self.text.encode() + b"\n"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


_SIGN_IN = ((b"www-authenticate", b'Basic realm="Staging Gate", charset="UTF-8"'),)

NOT_SIGNED_IN = Answer(
    401,
    "Sign in to use this repository: your name, and an API token as the password. `gate token` makes one.",
    _SIGN_IN,
)
WRONG_TOKEN = Answer(
    401,
    "This name and API token do not fit together: the token is wrong, has expired or was withdrawn. "
    "`gate token` makes a new one.",
    _SIGN_IN,
)


def not_here(name: str) -> Answer:
    return Answer(404, f"There is nothing for git at this address. The repository's address ends in /{name}.git")


def too_large(largest: int) -> Answer:
    return Answer(
        413,
        f"This push is larger than the {largest // (1024 * 1024):,} MB that are taken. Nothing was changed. "
        "Push it in smaller parts, or keep large files out of the repository.",
    )


def too_slow(seconds: float) -> Answer:
    return Answer(
        504, f"This took longer than {seconds:g} s and was stopped. Fetch to see what arrived, and try again."
    )


def served_elsewhere(address: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An ASGI application for where our repository would be served, if it were here."""
    text = f"The code is not served here: it lives at {address}"

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Answer(404, text).give(send)

    return application


BROKEN = Answer(502, "git ended in the middle of its work. Fetch to see what arrived, and try again.")
