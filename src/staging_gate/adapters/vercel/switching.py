"""What a domain leads to, and how that changes: production by promoting, all else by giving the domain to a deployment.

Vercel says that it was asked (201), moves the domains in its own time, and keeps only the last such request, which may
be an older one or somebody else's. So we note the last one before we ask, and only believe the domain itself.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event
from typing import Protocol

from staging_gate.adapters.vercel.api import SaidNo, VercelApi
from staging_gate.adapters.vercel.journal import Asked
from staging_gate.adapters.vercel.shapes import Project, Switching
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Unavailable, Unclear
from staging_gate.wire.hints import Hints

LOOK_EVERY = 1.0
MOVES_WITHIN = timedelta(minutes=3)
"""As long as Vercel's own command line waits for it."""
APPEARS_WITHIN = timedelta(seconds=30)
"""How long a request whose answer was lost may take to be seen."""
UNDER_WAY = ("pending", "in-progress")
ENDED = ("succeeded", "failed", "skipped")


class Note(Protocol):
    def __call__(self, asked: Asked) -> Asked:
        """Keep it before anything is done, so that whoever comes after us knows."""
        ...


class Way(Protocol):
    """Of one domain. `move` looks first, notes what it is about to do, and returns when the domain leads there.

    `back` says that it was there before. Raises SaidNo where Vercel does not do it.
    """

    def move(self, asked: Asked, back: bool, note: Note) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Assigning:
    """A domain of our own for previews and custom environments: it leads where we say, at once."""

    api: VercelApi
    clock: Clock
    domain: str

    def move(self, asked: Asked, back: bool, note: Note) -> None:
        asked = note(_moved(asked, self.clock))
        id = asked.id or ""
        if self.api.served_by(self.domain) == id:
            return
        self.api.assign(id, self.domain)
        until = self.clock.now() + APPEARS_WITHIN
        while (served := self.api.served_by(self.domain)) != id:
            if self.clock.now() >= until:
                raise Unclear(f"{self.domain} was given to {id} at Vercel, and leads to {served or 'nothing'}.")
            self.clock.pause(LOOK_EVERY)

    def close(self) -> None:
        self.api.take_away(self.domain)


@dataclass(frozen=True)
class Promoting:
    """The production domains of a project."""

    api: VercelApi
    clock: Clock
    hints: Hints
    project: Project
    domain: str

    def move(self, asked: Asked, back: bool, note: Note) -> None:
        if self.project.paused:
            self.api.go_on(self.project.id)
        last, served = self.project.last_switching, self.api.served_by(self.domain)
        if last is None or not _is_ours(last, asked) or last.status in ENDED:
            asked = replace(asked, before=(last.requested_at or 0) if last else 0)
            asked = note(_moved(asked, self.clock))
            if served != asked.id:
                self._ask(asked, back)
        else:  # we were killed after we had asked
            asked = note(_moved(asked, self.clock))
        with self.hints.awaiting(asked.id or "") as woken:
            self._wait(asked, woken)
        self._keep_it_there()

    def close(self) -> None:
        """There is nothing to go back to: the whole project's production answers 503."""
        self.api.pause(self.project.id)

    def _ask(self, asked: Asked, back: bool) -> None:
        id = asked.id or ""
        try:
            if back:
                self.api.roll_back(self.project.id, id, "Staging Gate puts it back.")
            else:
                self.api.promote(self.project.id, id)
        except Unclear as lost:
            self._find(asked, lost)
        except SaidNo as no:
            if no.status != 409 or self.api.served_by(self.domain) != id:
                raise

    def _find(self, asked: Asked, lost: Unclear) -> None:
        """The answer was lost: it was done if Vercel knows of a request that was not there before."""
        until = self.clock.now() + APPEARS_WITHIN
        while not _is_ours(self.api.project(self.project.id).last_switching, asked):
            if self.api.served_by(self.domain) == asked.id:
                return
            if self.clock.now() >= until:
                raise lost
            self.clock.pause(LOOK_EVERY)

    def _wait(self, asked: Asked, woken: Event) -> None:
        """The time for which Vercel is away does not count."""
        until = self.clock.now() + MOVES_WITHIN
        while True:
            woken.clear()
            asked_at = self.clock.now()
            served = self.api.served_by(self.domain)
            last = self.api.project(self.project.id).last_switching
            until += self.clock.now() - asked_at
            ours = last if _is_ours(last, asked) else None
            self._raise_if_it_failed(asked, last, ours)
            if served == asked.id and (ours is None or ours.status not in UNDER_WAY):
                return
            if self.clock.now() >= until:
                state = f"its request is {ours.status or 'without a state'}" if ours else "it knows of no such request"
                raise Unclear(
                    f"{self.domain} leads to {served or 'nothing'} and not to {asked.id}, "
                    f"{MOVES_WITHIN.total_seconds():.0f} s after Vercel was asked; {state}. Look at the project's page "
                    "at Vercel: a rolling release may stand before it."
                )
            self.clock.pause(LOOK_EVERY, woken)

    def _raise_if_it_failed(self, asked: Asked, last: Switching | None, ours: Switching | None) -> None:
        if ours is not None and ours.status == "failed":
            names = ", ".join(self.api.failed_domains(self.project.id)) or "its production domains"
            raise Unavailable(f"Vercel could not move {names} to {asked.id}. Look at the domains' settings there.")
        if last is None or ours is not None or last.requested_at is None or asked.before is None:
            return
        if last.requested_at > asked.before and last.to != asked.id:
            raise Unavailable(
                f"Somebody else had Vercel move {self.project.name} to {last.to} ({last.type}) at the same time."
            )

    def _keep_it_there(self) -> None:
        """A promotion has Vercel assign production domains by itself again, and a rollback keeps it from that: we keep
        it so, or the next push would go live unproved."""
        if self.api.project(self.project.id).assigns_itself is not False:
            self.api.stop_assigning(self.project.id)


def _moved(asked: Asked, clock: Clock) -> Asked:
    return replace(asked, moved_at=clock.now().isoformat())


def _is_ours(last: Switching | None, asked: Asked) -> bool:
    """Not an older request for the same deployment: its own moment tells them apart, and no clock of ours does."""
    if last is None or last.to != asked.id or asked.before is None or last.requested_at is None:
        return False
    return last.requested_at > asked.before
