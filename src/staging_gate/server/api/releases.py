"""Releases: plan, open, publish, withdraw, quarantine."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from staging_gate.domain.release import ReleaseState
from staging_gate.queries import bypasses, waiting
from staging_gate.queries.plain import plain
from staging_gate.runbook import announcing, deciding, editing, holding, releasing
from staging_gate.server.api.asked import Asked
from staging_gate.server.api.house import By, InHouse
from staging_gate.server.api.waiting import until_done

router = APIRouter(prefix="/releases", tags=["releases"])


class NewRelease(Asked):
    tag: str | None = Field(None, max_length=100)
    title: str | None = Field(None, max_length=300)


class HowToPublish(Asked):
    when_ready: bool = False


class Words(Asked):
    title: str | None = Field(None, max_length=300)
    notes: str | None = Field(None, max_length=65_536)
    edition: str | None = Field(None, pattern="^[0-9a-f]{12}$")


class ToldFor(Asked):
    planned_for: date
    note: str = Field("", max_length=1000)


class Because(Asked):
    reason: str = Field("", max_length=10_000)


@router.get("")
def all_releases(house: InHouse, by: By) -> Any:
    with house.ports.store.reading() as tx:
        found = {"releases": plain(tx.releases.all()), "quarantines": plain(tx.releases.quarantines())}
    return {**found, "waiting": plain(waiting.waiting(house.ports))}


@router.get("/plan")
def plan(house: InHouse, by: By, tag: str | None = None) -> Any:
    planned = releasing.plan(house.ports, tag)
    return {**plain(planned), "notes": planned.notes.markdown(house.ports.address)}


@router.post("", status_code=201)
def open_release(house: InHouse, by: By, new: NewRelease) -> Any:
    return plain(releasing.open_release(house.ports, by, new.tag, new.title))


@router.get("/{tag}")
def show(house: InHouse, by: By, tag: str) -> Any:
    release = releasing.get(house.ports, tag)
    with house.ports.store.reading() as tx:
        deployments = [d.id for d in tx.deployments.of_release(tag)]
        given = bypasses.about(tx, release.change, tag)
    decision = deciding.on_publishing(house.ports, release, by) if release.state is ReleaseState.MERGED else None
    waits = waiting.of_release(house.ports, release) if release.waits else None
    return {
        "release": plain(release),
        "edition": release.edition,
        "deployments": deployments,
        "decision": plain(decision),
        "bypasses": plain(given),
        "waits": plain(waits),
    }


@router.post("/{tag}/edit")
def edit(house: InHouse, by: By, tag: str, words: Words) -> Any:
    """Other words for a release whose tag is not made yet. With `edition`, only if they are still those."""
    edited = editing.edit_release(house.ports, tag, by, words.title, words.notes, words.edition)
    return {**plain(edited), "edition": edited.edition}


@router.post("/{tag}/publish")
def publish(house: InHouse, by: By, tag: str, how: HowToPublish | None = None) -> Any:
    """Tag it and queue production; the answer comes when it is queued, or, with `waits`, when it goes by itself."""
    run = releasing.publish(house.ports, tag, by, how is not None and how.when_ready)
    if run is None:
        waits = waiting.of_release(house.ports, releasing.get(house.ports, tag))
        return {"release": plain(releasing.get(house.ports, tag)), "deployments": [], "waits": plain(waits)}
    until_done(house, run)
    release = releasing.get(house.ports, tag)
    if release.state is ReleaseState.MERGED:
        deciding.through(deciding.on_publishing(house.ports, release, by))
    with house.ports.store.reading() as tx:
        deployments = [d.id for d in tx.deployments.of_release(tag)]
    return {"release": plain(release), "deployments": deployments, "waits": None}


@router.post("/{tag}/publish/cancel")
def do_not_publish(house: InHouse, by: By, tag: str) -> Any:
    """Take back that it is published by itself."""
    return plain(releasing.do_not_publish(house.ports, tag, by))


@router.post("/{tag}/announce", status_code=201)
def announce(house: InHouse, by: By, tag: str, told: ToldFor) -> Any:
    """Say from which day on a major release may come, before or after it is opened."""
    return plain(announcing.announce(house.ports, tag, told.planned_for, by, told.note))


@router.post("/{tag}/withdraw")
def withdraw(house: InHouse, by: By, tag: str, because: Because) -> Any:
    return plain(releasing.withdraw(house.ports, tag, by, because.reason))


@router.post("/{tag}/quarantine")
def quarantine(house: InHouse, by: By, tag: str, because: Because) -> Any:
    return plain(holding.put_in_quarantine(house.ports, tag, because.reason, by))


@router.post("/{tag}/lift")
def lift(house: InHouse, by: By, tag: str, because: Because) -> Any:
    holding.lift_quarantine(house.ports, tag, because.reason, by)
    return {"lifted": tag}
