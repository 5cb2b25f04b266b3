"""Vercel, and our side of it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from staging_gate.adapters.vercel import Settings, VercelTarget, connect
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Health, Service, Target
from staging_gate.ports.deploy_target import Order, Ready
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.vercel import TOKEN, Hosted, VercelStandIn

PRODUCTION = Environment.PRODUCTION
TARGET = Target("vercel", identity="prj_web", settings={"environment": "production"})
WEB = Service("web", (), Health(), {environment: TARGET for environment in Environment})
DPL_1, DPL_2, DPL_3 = (f"dpl_{number:024d}" for number in (1, 2, 3))
"""What the stand-in calls the first three that it builds."""
SECRETS = {"env:VERCEL_BYPASS": "bypass_of_no_value", "env:PRICE": "secret-7"}


@dataclass
class There:
    """`restart` is a new process of ours on the same folder."""

    folder: Path
    vercel: VercelStandIn
    clock: MovableClock
    target: VercelTarget = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        settings = Settings(TOKEN, self.folder, self.vercel.address, SECRETS.get)
        self.target = connect(settings, self.clock)

    @property
    def project(self) -> Hosted:
        return self.vercel.host("prj_web", "web.vercel.app", "shop.example")

    def order(self, number: int, commit: str = "", at: Target = TARGET) -> Order:
        revision = Revision((commit or str(number)) * 40, "e" * 40)
        return Order(f"production-{number}", PRODUCTION, replace(WEB, targets={PRODUCTION: at}), at, revision)

    def candidate(self, order: Order) -> Ready:
        self.target.start(order)
        return self.target.wait_until_ready(order, lambda: False)

    def deploy(self, number: int, at: Target = TARGET) -> Order:
        order = self.order(number, at=at)
        self.candidate(order)
        self.target.switch(order)
        return order

    def live(self) -> str | None:
        return self.target.live(PRODUCTION, WEB, TARGET).deployment

    def asked(self, *words: str) -> list[str]:
        """The last word of each call that changes something."""
        paths = [(one.method, one.path) for one in self.vercel.web.asked]
        known = words or ("deployments", "promote", "rollback")
        return [word for method, path in paths if method == "POST" for word in known if f"/{word}" in path]
