"""`gate down`: nothing of an installation keeps running."""

from staging_gate.adapters import local
from staging_gate.bootstrap.settings import Settings


def stop_everything(settings: Settings) -> list[str]:
    """Stop the server, the services and the proxies; returns what was running."""
    return local.stop_all(settings.state)
