"""The repository over smart HTTP: clone, fetch and push, with sign-in, each push judged before it changes anything."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from staging_gate.adapters.git import requests
from staging_gate.adapters.git.backend import Backend, Broken, Call, ClientGone
from staging_gate.adapters.git.hook import SOCKET
from staging_gate.adapters.git.merging import signature
from staging_gate.adapters.git.program import environment, http_backend
from staging_gate.adapters.git.pushes import Push
from staging_gate.adapters.git.repository import ensure_hook
from staging_gate.adapters.git.requests import Answer, Receive, Request, Scope, Send
from staging_gate.domain.actor import Actor
from staging_gate.ports.pushes import Authenticate, Judge, Received

MEGABYTE = 1024 * 1024
EPOCH = datetime.fromtimestamp(0, UTC)


class GitBridge:
    """An ASGI application that serves one repository at `/<name>.git`, below wherever it is mounted.

    It must get `receive` and `send` as they are: a framework's streaming answer would eat parts of the body.
    `largest` is in bytes, of one pushed pack; `within` is the time for one request.
    """

    def __init__(
        self,
        repository: Path,
        name: str,
        *,
        authenticate: Authenticate,
        judge: Judge,
        received: Received,
        largest: int = 1024 * MEGABYTE,
        within: timedelta = timedelta(minutes=10),
    ) -> None:
        self._program = http_backend()
        self._repository = repository.absolute()
        self._name = name
        self._authenticate = authenticate
        self._judge = judge
        self._received = received
        self._largest = largest
        self._largest_body = largest + MEGABYTE  # so that git itself sees that it is too much, and can say so
        self._seconds = within.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = requests.read_request(scope, self._name)
        if request is None:
            return await requests.not_here(self._name).give(send)
        actor = await self._signed_in(request)
        if isinstance(actor, Answer):
            return await actor.give(send)
        if (request.length or 0) > self._largest_body:
            return await requests.too_large(self._largest).give(send)
        call = Call(receive, send, self._largest_body, request.is_push)
        environ = self._environment(request, actor)
        return await (self._push(call, environ, actor) if request.is_push else self._read(call, environ))

    async def _signed_in(self, request: Request) -> Actor | Answer:
        credentials = request.credentials()
        if credentials is None:
            return requests.NOT_SIGNED_IN
        return await asyncio.to_thread(self._authenticate, *credentials) or requests.WRONG_TOKEN

    async def _read(self, call: Call, environ: dict[str, str]) -> None:
        async with await Backend.start(self._program, environ, call) as backend:
            failure = await self._run(backend)
        await backend.end_answer(failure)

    async def _push(self, call: Call, environ: dict[str, str], actor: Actor) -> None:
        await asyncio.to_thread(ensure_hook, self._repository)
        push = Push(self._repository, actor, self._judge)
        environ = {**environ, SOCKET: str(push.inherited)}
        async with await Backend.start(self._program, environ, call, (push.inherited,)) as backend, push:
            failure = await self._run(backend)
        await asyncio.to_thread(push.tell, self._received)
        await backend.end_answer(failure)

    async def _run(self, backend: Backend) -> Answer | None:
        """What went wrong, as an answer that can be given if none has begun."""
        try:
            async with asyncio.timeout(self._seconds):
                await backend.run()
        except TimeoutError:
            return requests.too_slow(self._seconds)
        except Broken:
            return requests.BROKEN
        except ClientGone:
            pass
        return None

    def _environment(self, request: Request, actor: Actor) -> dict[str, str]:
        """What a CGI program is told. Our own refs are hidden; the reflog says who pushed.

        The body's length is not told, it ends where its pipe is closed: given a length, git 2.39 spins for ever when
        the pipe ends before it, as it does when this server is killed.
        """
        settings = {"transfer.hideRefs": "refs/gate", "receive.maxInputSize": str(self._largest)}
        person = signature(actor.name, EPOCH)
        given = {
            "CONTENT_TYPE": request.headers.get("content-type"),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding"),
            "GIT_PROTOCOL": request.headers.get("git-protocol"),
        }
        return {
            **environment(settings),
            "GIT_PROJECT_ROOT": str(self._repository),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.place,
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query,
            "REMOTE_USER": person.name,
            "REMOTE_ADDR": request.client,
            "GIT_COMMITTER_NAME": person.name,
            "GIT_COMMITTER_EMAIL": person.mail,
            **{name: value for name, value in given.items() if value is not None},
        }
