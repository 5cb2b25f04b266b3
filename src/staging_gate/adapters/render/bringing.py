"""One service of one deployment, brought live at Render: asked for once, found again, followed until it is live."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TypeVar

from staging_gate.adapters.render.api import RenderApi
from staging_gate.adapters.render.journal import Asked, Journal
from staging_gate.adapters.render.shapes import FAILED, Deploy
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Order
from staging_gate.ports.errors import Denied, OutsideError, Refused, Unavailable, Unclear
from staging_gate.wire.hints import Hints
from staging_gate.wire.patience import NOT_AGAIN_SOON, blameless, patiently

LOOK_EVERY = 5.0
APPEARS_WITHIN = timedelta(minutes=2)
"""How long Render may take to list a deploy that it has only queued, where nothing else is under way."""
STARTS_WITHIN = timedelta(minutes=45)
"""Render's own limits: 30 minutes for the pre-deploy command and 15 for the start, beside the build's."""
LINES = 50
LONG_AGO = datetime.min.replace(tzinfo=UTC)

R = TypeVar("R")


@dataclass(frozen=True)
class Bringing:
    """`id` is the service's at Render. Render takes no key of ours, so before we ask for a deploy we note the newest
    there is; afterwards a newer one of our commit and our kind is the one that we asked for."""

    api: RenderApi
    clock: Clock
    hints: Hints
    journal: Journal
    order: Order
    id: str

    def bring(self, asked: Asked, adopt: bool = False) -> Asked:
        """Have Render make it live, and wait for that. To `adopt`: what is live already, and is the wanted commit, is
        it. Raises Refused where the release is at fault, else the rest of the family."""
        with self.hints.awaiting(self.id) as woken:
            if adopt and asked.after is None and (found := self._is_there(asked)):
                return found
            deploy = self._listed_by(asked, _last_moment(asked))
            if deploy is None:
                if self._surely(self._since, asked):
                    raise self._never_came(asked)  # asking again would undo what came after it
                asked, deploy = self._ask(asked)
            asked = self.journal.put(self.order.deployment, replace(asked, deploy=deploy.id))
            self._wait_until_live(asked, deploy, woken)
        lived = asked.live_at or self.clock.now().isoformat()
        return self.journal.put(self.order.deployment, replace(asked, live_at=lived))

    def look_for(self, asked: Asked) -> Deploy | None:
        """What Render made of it; None where we have not asked, or it has not come of it."""
        if asked.deploy:
            return self.api.find(self.id, asked.deploy)
        return next((one for one in reversed(self._since(asked)) if _may_be(one, asked)), None)

    def call_off_others(self) -> None:
        """Deploys of ours that are still under way would go live later, over what is put back now."""
        for name, asked in self.journal.all().items():
            if name != self.order.deployment and asked.after is not None and not asked.live_at:
                deploy = self._surely(self.look_for, asked)
                if deploy is not None and deploy.goes_on:
                    with suppress(Refused):  # cron jobs have no cancelling, and it may have ended meanwhile
                        patiently(self.clock, self.api.cancel, self.id, deploy.id)

    def last_words(self, asked: Asked, lines: int = LINES) -> str:
        """The last lines since we asked, without the values of its variables; empty where they can not be had."""
        if asked.asked_at is None:
            return ""
        try:
            service = self.api.service(self.id)
            self.api.variables(self.id)  # so that their values are hidden
            since = datetime.fromisoformat(asked.asked_at)
            return "\n".join(self.api.last_lines(service.owner, service.id, since, lines))
        except OutsideError as error:
            return f"(Its log could not be fetched: {error.message})"

    # --- asking for it -------------------------------------------------------------------------------------------

    def _ask(self, asked: Asked) -> tuple[Asked, Deploy]:
        newest = self._surely(self.api.newest, self.id)
        moment = self.clock.now().isoformat()
        asked = replace(asked, after=newest.id if newest else "", asked_at=moment, deploy=None)
        self.journal.put(self.order.deployment, asked)
        try:
            made = self._make(asked)
        except Unclear:
            made = None
        except Denied:
            raise
        except Refused as refused:
            if asked.back_to is None:
                raise Unavailable(refused.message, refused.evidence, NOT_AGAIN_SOON) from refused
            # What it had built is gone: it builds the same commit again.
            return self._ask(replace(asked, back_to=None))
        made = made or self._listed_by(asked, self.clock.now() + APPEARS_WITHIN)
        if made is None:
            raise self._never_came(asked)
        return asked, made

    def _make(self, asked: Asked) -> Deploy | None:
        if asked.back_to:
            return patiently(self.clock, self.api.roll_back, self.id, asked.back_to)
        return patiently(self.clock, self.api.deploy, self.id, asked.commit)

    def _since(self, asked: Asked) -> list[Deploy]:
        """All that are newer than when we asked, the newest first; none where we have not."""
        found: list[Deploy] = []
        if asked.after is None:
            return found
        for deploy in self.api.deploys(self.id):
            if deploy.id == asked.after:
                break
            found.append(deploy)
        return found

    def _listed_by(self, asked: Asked, until: datetime) -> Deploy | None:
        """Render may only queue a deploy, and list it later: where another is under way, not before that has ended."""
        latest = until + self._limit()
        while (deploy := self._surely(self.look_for, asked)) is None:
            now = self.clock.now()
            if now >= until and (until == LONG_AGO or now >= latest or not self._is_busy()):
                return None
            self.clock.pause(LOOK_EVERY)
        return deploy

    def _is_busy(self) -> bool:
        newest = self._surely(self.api.newest, self.id)
        return newest is not None and newest.goes_on

    def _never_came(self, asked: Asked) -> OutsideError:
        short = self.order.revision.short
        if later := self._surely(self._since, asked):
            return Unavailable(
                f"Render never began {short} of {self.order.service.name}: {later[0]} came after it. Of deploys that "
                "wait for each other, Render does only the last (the workspace's policy Wait). Find out who deploys "
                "past the gate, then deploy again.",
                retry_after=NOT_AGAIN_SOON,
            )
        return Unclear(
            f"Render does not list a deploy of {short}, so it is not known whether it was begun. "
            "Look at the service's page at Render."
        )

    # --- following it --------------------------------------------------------------------------------------------

    def _wait_until_live(self, asked: Asked, deploy: Deploy, woken: Event) -> None:
        """The time for which Render is away does not count. A state that we do not know is waited on: it may be a new
        one on the way."""
        until = self.clock.now() + self._limit()
        while deploy.status != "live":
            self._refuse_unless_it_goes_on(asked, deploy)
            if self.clock.now() >= until:
                state = deploy.status or "without a state"
                raise Unclear(f"{deploy.id} is still {state} at Render.", self.last_words(asked))
            self.clock.pause(LOOK_EVERY, woken)
            woken.clear()
            asked_at = self.clock.now()
            deploy = self._surely(self.api.find, self.id, deploy.id)
            until += self.clock.now() - asked_at

    def _refuse_unless_it_goes_on(self, asked: Asked, deploy: Deploy) -> None:
        name = self.order.service.name
        if deploy.status in FAILED:
            what = deploy.status.removesuffix("_failed").replace("_", "-")
            raise Refused(f"The {what} of {name} failed at Render ({deploy.id}).", self.last_words(asked))
        if deploy.status not in ("canceled", "deactivated"):
            return
        newest = self._surely(self.api.newest, self.id)
        by = f"{newest} came after it" if newest and newest.id != deploy.id else ""
        if deploy.status == "canceled":
            said = f"Render cancelled {deploy.id} of {name}: {by or 'somebody did that there'}."
            raise Unavailable(said, self.last_words(asked), NOT_AGAIN_SOON)
        said = f"{deploy.id} of {name} was live and is no more: {by or 'another deploy took its place'}."
        raise Unavailable(said, retry_after=NOT_AGAIN_SOON)

    def _is_there(self, asked: Asked) -> Asked | None:
        """What is live, where it is the wanted commit and nothing is on its way to take its place."""
        live, newest = self._surely(self.api.newest, self.id, "live"), self._surely(self.api.newest, self.id)
        if live is None or newest is None or newest.goes_on or self._commit_of(live) != asked.commit:
            return None
        now = self.clock.now().isoformat()
        there = replace(asked, back_to=live.id, after="", asked_at=now, deploy=live.id, live_at=now)
        return self.journal.put(self.order.deployment, there)

    def _commit_of(self, deploy: Deploy) -> str | None:
        """Render does not always say; what we asked for, we know."""
        ours = self.journal.get(self.journal.deployment_of(deploy.id) or "")
        return deploy.commit or (ours.commit if ours else None)

    def _limit(self) -> timedelta:
        return self.order.service.build_within + STARTS_WITHIN

    def _surely(self, do: Callable[..., R], *args: object) -> R:
        """For what only reads."""
        with blameless():
            return patiently(self.clock, do, *args)


def _may_be(deploy: Deploy, asked: Asked) -> bool:
    trigger = "rollback" if asked.back_to else "api"
    return deploy.trigger == trigger and deploy.commit in (None, asked.commit)


def _last_moment(asked: Asked) -> datetime:
    """Until when a deploy that we asked for may still be listed; long ago where we have not asked."""
    return datetime.fromisoformat(asked.asked_at) + APPEARS_WITHIN if asked.asked_at else LONG_AGO
