"""`gate down`: nothing of an installation keeps running."""

from staging_gate.bootstrap.settings import Settings


def stop_everything(settings: Settings) -> list[str]:
    """Stop the server, the services and the proxies; returns what was stopped."""
    from staging_gate.adapters.local import stop_all

    return stop_all(settings.state)
