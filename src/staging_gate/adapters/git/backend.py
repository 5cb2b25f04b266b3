"""One run of `git http-backend`: the request's body in, the answer out, and nothing left running."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from staging_gate.adapters.git.requests import Answer, Message, Receive, Send

_log = logging.getLogger(__name__)

BLOCK = 64 * 1024
PATIENCE = 5.0
"""Seconds that git gets to clean up after it was asked to stop."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class Broken(Exception):
    """git ended without an answer."""


@dataclass(frozen=True)
class Call:
    """A request's two ends. More than `largest` bytes of its body are not passed on."""

    receive: Receive
    send: Send
    largest: int
    is_push: bool


class Backend:
    """To be used as a context: at its end nothing of git is left running."""

    def __init__(self, process: asyncio.subprocess.Process, call: Call) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._process = process
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._call = call
        self._body_complete = asyncio.Event()
        self._started = False

    @classmethod
    async def start(
        cls, program: Path, environ: Mapping[str, str], call: Call, inherited: tuple[int, ...] = ()
    ) -> "Backend":
        """In a process group of its own, so that all of it can be stopped."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            program,
            env=dict(environ),
            cwd="/",
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            pass_fds=inherited,
            start_new_session=True,
        )
        return cls(process, call)

    async def __aenter__(self) -> "Backend":
        self._listening = asyncio.create_task(self._log_errors())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()
        self._listening.cancel()

    async def run(self) -> None:
        """Until git has said all; the end of the answer is left to the caller. Raises ClientGone and Broken.

        Once the whole of a push is here, git works on although the client is gone.
        """
        feeding, relaying = asyncio.create_task(self._feed()), asyncio.create_task(self._relay())
        try:
            await asyncio.wait({feeding, relaying}, return_when=asyncio.FIRST_COMPLETED)
            if not relaying.done() and not (self._call.is_push and self._body_complete.is_set()):
                raise ClientGone
            await relaying
            await self._process.wait()
            # A client that still sends would be cut off by the end of the answer, and not see it.
            sent = asyncio.create_task(self._body_complete.wait())
            await asyncio.wait({feeding, sent}, return_when=asyncio.FIRST_COMPLETED)
            sent.cancel()
        finally:
            for task in (feeding, relaying):
                task.cancel()
            await asyncio.gather(feeding, relaying, return_exceptions=True)

    async def end_answer(self, failure: Answer | None) -> None:
        """Close the answer; where none has begun, `failure` is given as one."""
        if self._started:
            await self._pass_on({"type": "http.response.body", "body": b""})
        elif failure:
            await failure.give(self._call.send)

    async def _stop(self) -> None:
        """End the group, if it is not at its end already.

        A push is ended by the end of its body, because only so git 2.39 removes the objects that came; signals are
        for what does not end by that. The output closes when the last of the group is gone.
        """
        ways: list[Callable[[], None]] = [self._stdin.close] if self._call.is_push else []
        ways += [partial(os.killpg, self._process.pid, number) for number in (signal.SIGTERM, signal.SIGKILL)]
        for end in ways:
            if self._process.returncode is not None and self._stdout.at_eof():
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while await self._stdout.read(BLOCK):
                        pass
                    await self._process.wait()

    async def _feed(self) -> None:
        """Pass the body on; returns when the client is gone, which may be long after the body.

        What git does not want (it has its answer already, or it was too much) is read and dropped, because a client
        that can not send on does not read the answer either.
        """
        taken = 0
        while (message := await self._call.receive())["type"] == "http.request":
            block: bytes = message.get("body", b"")
            taken += len(block)
            with contextlib.suppress(ConnectionError):
                if taken <= self._call.largest and not self._stdin.is_closing():
                    self._stdin.write(block)
                    await self._stdin.drain()
                else:
                    self._stdin.close()
            if not message.get("more_body", False):
                self._body_complete.set()
                self._stdin.close()

    async def _relay(self) -> None:
        try:
            head = await self._stdout.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Broken from error
        await self._pass_on(_start(head))
        self._started = True
        while block := await self._stdout.read(BLOCK):
            await self._pass_on({"type": "http.response.body", "body": block, "more_body": True})

    async def _pass_on(self, message: Message) -> None:
        with contextlib.suppress(OSError):  # the client is gone; _feed notices it as well and decides
            await self._call.send(message)

    async def _log_errors(self) -> None:
        while said := await self._stderr.read(BLOCK):
            _log.info("git http-backend: %s", said.decode(errors="replace").strip())


def _start(head: bytes) -> Message:
    """The answer's status and headers from what a CGI program says first."""
    lines = (line.partition(b":") for line in head.split(b"\r\n") if line)
    headers = [(name.strip().lower(), value.strip()) for name, _, value in lines]
    status = next((value for name, value in headers if name == b"status"), b"200")
    return {
        "type": "http.response.start",
        "status": int(status.split()[0]),
        "headers": [(name, value) for name, value in headers if name != b"status"],
    }
