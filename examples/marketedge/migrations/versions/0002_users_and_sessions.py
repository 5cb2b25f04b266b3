"""Users, logins under way, and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

USERS = (("ada@zebra.example", "Ada", "user"), ("root@zebra.example", "Root", "super_admin"))


def upgrade() -> None:
    users = op.create_table(
        "users",
        sa.Column("email", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(30), nullable=False),
    )
    op.create_table(
        "logins",
        sa.Column("state", sa.String(64), primary_key=True),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("email", sa.String(200), sa.ForeignKey("users.email"), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(users, [{"email": email, "name": name, "role": role} for email, name, role in USERS])


def downgrade() -> None:
    op.drop_table("sessions")
    op.drop_table("logins")
    op.drop_table("users")
