"""Render's stand-in, with every request examined by Render's own specification where that is at hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from staging_gate.adapters.render import RenderTarget, Settings, connect
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Service, Target
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Order
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.render import RenderStandIn
from staging_gate.testing.render.render import KEY, Hosted
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


PRODUCTION = Environment.PRODUCTION
TARGET = Target("render", identity="srv-api")
API = Service("api", (), Health(), {environment: TARGET for environment in Environment})


@dataclass
class There:
    """Render, and our side of it; `restart` is a new process of ours on the same folder."""

    folder: Path
    render: RenderStandIn
    clock: MovableClock
    target: RenderTarget = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.target = connect(Settings(KEY, self.folder, self.render.address), self.clock)

    @property
    def api(self) -> Hosted:
        return self.render.host("srv-api")

    def order(self, number: int, commit: str = "") -> Order:
        revision = Revision((commit or str(number)) * 40, "e" * 40)
        return Order(f"production-{number}", PRODUCTION, API, TARGET, revision)

    def deploy(self, number: int) -> Order:
        order = self.order(number)
        self.target.start(order)
        self.target.switch(order)
        return order

    def live(self) -> str | None:
        return self.target.live(PRODUCTION, API, TARGET).deployment

    def triggers(self) -> list[str]:
        return [made.trigger for made in self.api.deploys]
