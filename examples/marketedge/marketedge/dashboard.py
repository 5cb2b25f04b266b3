"""The dashboard: each market with the prices last seen in it."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine, select

from common.page import page, table
from marketedge.tables import markets, prices

router = APIRouter()


@router.get("/api/v1/dashboard")
def dashboard(request: Request) -> dict[str, Any]:
    return {
        "release": request.app.state.settings.running.release,
        "markets": markets_with_prices(request.app.state.database),
    }


@router.get("/dashboard", response_class=HTMLResponse)
def dashboard_page(request: Request) -> str:
    rows = [
        (market["name"], market["city"], price["seller"], f"£{price['price']:.2f}")
        for market in markets_with_prices(request.app.state.database)
        for price in market["prices"]
    ]
    body = table(("Market", "City", "Seller", "Price"), rows, numbers=frozenset({"Price"}))
    return page("Dashboard", body, request.app.state.settings.running)


@router.get("/api/v1/prices")
def price_list(request: Request) -> list[dict[str, Any]]:
    """Every price in one flat list, as the spreadsheet import of 2024 reads it."""
    return [
        {"market": market["name"], **price}
        for market in markets_with_prices(request.app.state.database)
        for price in market["prices"]
    ]


def markets_with_prices(database: Engine) -> list[dict[str, Any]]:
    """Markets by name, each with its prices in pounds, the cheapest first."""
    query = (
        select(markets.c.name, markets.c.city, prices.c.seller, prices.c.pence, prices.c.seen_on)
        .join(prices, prices.c.market_id == markets.c.id)
        .order_by(markets.c.name, prices.c.pence)
    )
    found: dict[str, dict[str, Any]] = {}
    with database.connect() as connection:
        for name, city, seller, pence, seen_on in connection.execute(query):
            market = found.setdefault(name, {"name": name, "city": city, "prices": []})
            market["prices"].append({"seller": seller, "price": pence / 100, "seen_on": seen_on.isoformat()})
    return list(found.values())
