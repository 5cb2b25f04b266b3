"""The pages of a change and of a release: what it is, and why the gate is open or closed for who looks."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from staging_gate.messages.decisions import headline
from staging_gate.queries import bypasses, changes, going_back, migrations, ways_back
from staging_gate.queries.explaining import explain, place
from staging_gate.runbook import releasing
from staging_gate.runbook.changes import Unknown
from staging_gate.runbook.policy import NoPolicy
from staging_gate.server.api.asked import Number
from staging_gate.server.web.pages import InHouse, MaybeBy, page, zone

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/changes/{number}")
def show_change(house: InHouse, by: MaybeBy, number: Number) -> Response:
    if by is None:
        return RedirectResponse("/login", 303)
    try:
        view = changes.view(house.ports, number, by)
    except Unknown as unknown:
        return page("missing.html", 404, by=by, what=str(unknown))
    waits = place(house.ports, str(number))
    return page("change.html", by=by, view=view, place=waits, headline=headline, zone=zone(house))


@router.get("/releases/{tag}")
def show_release(house: InHouse, by: MaybeBy, tag: str) -> Response:
    if by is None:
        return RedirectResponse("/login", 303)
    try:
        release = releasing.get(house.ports, tag)
        decision = explain(house.ports, tag, by)
    except (Unknown, NoPolicy) as unknown:
        return page("missing.html", 404, by=by, what=str(unknown))
    with house.ports.store.reading() as tx:
        deployments = tx.deployments.of_release(tag)
        given = bypasses.about(tx, release.change, tag)
    return page(
        "release.html",
        by=by,
        release=release,
        decision=decision,
        deployments=deployments,
        bypasses=given,
        way_back=ways_back.of_release(house.ports, tag),
        migrations=migrations.view(house.ports, tag).reports,
        place=place(house.ports, tag),
        back=going_back.said(house.ports, tag) if release.verified_at else None,
        headline=headline,
        zone=zone(house),
    )
