"""The server's own port: taken before anything else is begun, so that a second server disturbs nothing."""

from staging_gate.adapters.local import ports
from staging_gate.adapters.local.ports import Listener
from staging_gate.bootstrap.access import ACCESS_FILE
from staging_gate.bootstrap.settings import CanNotStart, Settings
from staging_gate.ports.errors import Refused

__all__ = ["Listener", "listen"]


def listen(settings: Settings) -> Listener:
    """Raises CanNotStart where the address can not be had."""
    try:
        return ports.listen(settings.host, settings.port)
    except Refused as refused:
        raise CanNotStart(f"{refused.message} {_what_to_do(settings)}") from refused


def _what_to_do(settings: Settings) -> str:
    choose = "hoose another: `gate up --port PORT`, or GATE_PORT."
    if (settings.state / ACCESS_FILE).exists():
        return f"If that is Staging Gate itself, it is up already: `gate status`. Else c{choose}"
    return f"C{choose}"
