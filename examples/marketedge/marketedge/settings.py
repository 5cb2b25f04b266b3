"""What the backend is told by its environment. Only this file reads variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.running import Running, running


@dataclass(frozen=True)
class Settings:
    """`issuer` ends with a slash, as Auth0's does. `audience` names our API at the provider.

    `web_url` is where people land after signing in; `allowed_origins` may call us from a browser.
    """

    running: Running
    database_url: str
    issuer: str
    client_id: str
    audience: str
    web_url: str
    allowed_origins: tuple[str, ...]


def read_settings(environ: Mapping[str, str]) -> Settings:
    return Settings(
        running=running(environ),
        database_url=environ.get("DATABASE_URL", "sqlite:///marketedge.db"),
        issuer=environ.get("AUTH0_ISSUER", "").rstrip("/") + "/",
        client_id=environ.get("AUTH0_CLIENT_ID", ""),
        audience=environ.get("AUTH0_AUDIENCE", ""),
        web_url=environ.get("WEB_URL", ""),
        allowed_origins=tuple(origin.strip() for origin in environ.get("ALLOWED_ORIGINS", "").split(",") if origin),
    )
