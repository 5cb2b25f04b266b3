"""The server's own port: taken before anything else is begun, so that a second server disturbs nothing."""

from staging_gate.adapters.local import ports
from staging_gate.adapters.local.ports import Listener
from staging_gate.bootstrap.settings import CanNotStart, Settings
from staging_gate.ports.errors import Refused

__all__ = ["Listener", "listen"]


def listen(settings: Settings) -> Listener:
    """Raises CanNotStart where the address can not be had."""
    try:
        return ports.listen(settings.host, settings.port)
    except Refused as refused:
        raise CanNotStart(f"{refused.message} Choose another: `gate up --port PORT`, or GATE_PORT.") from refused
