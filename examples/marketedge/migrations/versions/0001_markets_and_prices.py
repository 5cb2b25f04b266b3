"""Markets and the prices seen in them."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MARKETS = ((1, "Cinemas", "Manchester"), (2, "Climbing halls", "Sheffield"), (3, "Hotels", "Leeds"))
PRICES = (
    (1, "Odeon", 1399),
    (1, "Printworks", 1150),
    (1, "HOME", 995),
    (2, "The Works", 1250),
    (2, "Foundry", 1175),
    (3, "Queens", 12900),
    (3, "Dakota", 14500),
    (3, "Ibis", 6400),
)


def upgrade() -> None:
    markets = op.create_table(
        "markets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, unique=True),
        sa.Column("city", sa.String(100), nullable=False),
    )
    prices = op.create_table(
        "prices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("market_id", sa.Integer, sa.ForeignKey("markets.id"), nullable=False, index=True),
        sa.Column("seller", sa.String(100), nullable=False),
        sa.Column("pence", sa.Integer, nullable=False),
        sa.Column("seen_on", sa.Date, nullable=False),
    )
    op.bulk_insert(markets, [{"id": number, "name": name, "city": city} for number, name, city in MARKETS])
    op.bulk_insert(
        prices,
        [
            {"market_id": market, "seller": seller, "pence": pence, "seen_on": date(2025, 9, 30)}
            for market, seller, pence in PRICES
        ],
    )


def downgrade() -> None:
    op.drop_table("prices")
    op.drop_table("markets")
