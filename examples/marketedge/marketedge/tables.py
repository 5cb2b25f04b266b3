"""The tables. A change here needs a migration beside it. Times are seconds since 1970."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, MetaData, String, Table

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}

metadata = MetaData(naming_convention=NAMES)

markets = Table(
    "markets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("city", String(100), nullable=False),
)

prices = Table(
    "prices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("market_id", ForeignKey("markets.id"), nullable=False, index=True),
    Column("seller", String(100), nullable=False),
    Column("pence", Integer, nullable=False),
    Column("seen_on", Date, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("email", String(200), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(30), nullable=False),
)

logins = Table(
    "logins",
    metadata,
    Column("state", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("redirect_uri", String(500), nullable=False),
    Column("started_at", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("email", ForeignKey("users.email"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
