"""Render's stand-in, with every request examined by Render's own specification where that is at hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from staging_gate.ports.clock import Clock
from staging_gate.testing.render import RenderStandIn
from tests.adapters.specification import PROVIDERS, Examination

DESCRIPTION = PROVIDERS / "render" / "render-openapi.json"


def examination() -> Examination:
    return Examination(DESCRIPTION, "https://api.render.com")


@contextmanager
def render_stand_in(clock: Clock) -> Iterator[RenderStandIn]:
    examined = examination()
    with RenderStandIn(clock, examine=examined.look) as stand_in:
        yield stand_in
    assert examined.faults == []


def examinations() -> list[Examination]:
    """One, or none where there is no description."""
    return [examination()] if DESCRIPTION.exists() else []
