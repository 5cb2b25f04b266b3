"""Short runs are waited for, so that who asked gets the outcome and not a promise."""

from staging_gate.bootstrap.house import House
from staging_gate.server.problems import StillRunning

LONG_ENOUGH_SECONDS = 60.0


def until_done(house: House, run: str) -> None:
    """Raises StillRunning."""
    if not house.wait(run, LONG_ENOUGH_SECONDS):
        raise StillRunning(f"This takes longer than {LONG_ENOUGH_SECONDS:g} s and goes on: `gate status` shows how.")
