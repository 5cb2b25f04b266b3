"""Rows for the proof of migrations: `python -m marketedge.seed` fills the database that DATABASE_URL names.

It runs on the tables as production has them, which may be older than this code: what is not there yet is left out.
"""

import os
from datetime import date, timedelta

from sqlalchemy import Connection, MetaData, insert

from marketedge.database import connect

PRICES, USERS = 2_000, 50


def main() -> None:
    with connect(os.environ["DATABASE_URL"]).begin() as connection:
        known = MetaData()
        known.reflect(connection)
        add_prices(connection, known)
        if "users" in known.tables:
            users = [{"email": f"{n}@example.com", "name": f"User {n}", "role": "viewer"} for n in range(USERS)]
            connection.execute(insert(known.tables["users"]), users)


def add_prices(connection: Connection, known: MetaData) -> None:
    prices = known.tables["prices"]
    day = date(2025, 1, 1)
    rows = [
        {
            "market_id": 1 + n % 3,
            "seller": f"Seller {n % 97}",
            "pence": 500 + n % 10_000,
            "seen_on": day + timedelta(days=n % 300),
        }
        for n in range(PRICES)
    ]
    connection.execute(insert(prices), rows)


if __name__ == "__main__":
    main()
