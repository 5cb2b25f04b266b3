"""Talking with the pre-receive hook of one push: what it would change, whether it may, what it did change."""

import asyncio
import logging
import socket
from pathlib import Path

from staging_gate.adapters.git.hook import QUARANTINE
from staging_gate.adapters.git.names import BRANCHES, TAGS
from staging_gate.adapters.git.program import Git
from staging_gate.domain.actor import Actor
from staging_gate.ports.pushes import Judge, Received, RefUpdate

_log = logging.getLogger(__name__)

UNDECIDED = (
    "Staging Gate could not decide on this push, because something in it broke; its log says what. "
    "Nothing was changed. Try again, and tell the people who run it if it stays so."
)


class Push:
    """One push, from its start to its end; to be used as a context. `inherited` is the socket that the hook gets."""

    def __init__(self, repository: Path, actor: Actor, judge: Judge) -> None:
        self._git = Git(repository)
        self._actor = actor
        self._judge = judge
        self._admitted: tuple[RefUpdate, ...] = ()
        self._ours, self._theirs = socket.socketpair()
        self.inherited = self._theirs.fileno()

    async def __aenter__(self) -> "Push":
        self._answering = asyncio.create_task(self._answer_the_hook())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._answering.cancel()
        await asyncio.gather(self._answering, return_exceptions=True)
        self._theirs.close()
        self._ours.close()

    def tell(self, received: Received) -> None:
        """Pass on what the push really changed: git may have refused a ref that we let through, or was killed."""
        if not self._admitted:
            return
        listed = self._git.ask("for-each-ref", "--format=%(refname) %(objectname)", BRANCHES, TAGS).text.splitlines()
        now = dict(line.rsplit(" ", 1) for line in listed)
        happened = tuple(update for update in self._admitted if now.get(update.ref) == update.new)
        try:
            if happened:
                received(self._actor, happened)
        except Exception:  # The push is done, whatever its receiver makes of it; the pusher must not see it fail.
            _log.exception("the push by %s was not passed on", self._actor.name)

    async def _answer_the_hook(self) -> None:
        """Many pushes end without a question: nothing to push, or broken objects. Then we are cancelled."""
        reader, writer = await asyncio.open_unix_connection(sock=self._ours)
        try:
            question = await reader.readexactly(int(await reader.readline()))
            refusals = await asyncio.to_thread(self._decide, question)
            writer.write("\n".join(["no", *refusals]).encode(errors="replace") if refusals else b"yes\n")
            await writer.drain()
        except ConnectionError:
            pass  # the push was ended while we spoke: nobody is left to answer
        finally:
            writer.close()

    def _decide(self, question: bytes) -> list[str]:
        try:
            *places, lines = question.split(b"\0", len(QUARANTINE))
            environ = {name: place.decode() for name, place in zip(QUARANTINE, places, strict=True) if place}
            updates = read_updates(self._git, lines.decode(errors="surrogateescape"), environ)
            refusals = strange_refs(updates) or self._judge(self._actor, updates)
        except Exception:  # Whatever broke, undecided is no: the gate fails closed.
            _log.exception("a push by %s could not be judged", self._actor.name)
            return [UNDECIDED]
        if not refusals:
            self._admitted = updates
        return refusals


def read_updates(git: Git, lines: str, environ: dict[str, str]) -> tuple[RefUpdate, ...]:
    """Git's lines (`old new ref`) with what the new objects are. `environ` leads to objects still in quarantine."""
    moves = [line.split(" ", 2) for line in lines.splitlines()]
    new = [id_ for _, id_, _ in moves if id_.strip("0")]
    asked = "".join(f"{id_}\n{id_}^{{commit}}\n" for id_ in new)
    said = git.ask("cat-file", "--batch-check=%(objecttype) %(objectname)", given=asked.encode(), environ=environ).text
    answers = said.splitlines()
    kinds = {id_: answers[2 * place].split()[0] for place, id_ in enumerate(new)}
    commits = {id_: answers[2 * place + 1].split() for place, id_ in enumerate(new)}
    return tuple(
        RefUpdate(
            ref,
            old if old.strip("0") else None,
            id_ if id_.strip("0") else None,
            kinds.get(id_),
            commits[id_][1] if id_ in commits and commits[id_][0] == "commit" else None,
        )
        for old, id_, ref in moves
    )


def strange_refs(updates: tuple[RefUpdate, ...]) -> list[str]:
    """Refusals that are nobody's policy: our own refs, git's replacements, names that can not be shown."""
    refusals = []
    for update in updates:
        if not update.ref.isprintable():
            shown = update.ref.encode(errors="backslashreplace").decode()
            refusals.append(f"{shown}: the name has characters that can not be shown. Use letters, digits, - and /.")
        elif not update.ref.startswith((BRANCHES, TAGS)):
            refusals.append(f"{update.ref}: only branches and tags can be pushed here (refs/heads/, refs/tags/).")
    return refusals
