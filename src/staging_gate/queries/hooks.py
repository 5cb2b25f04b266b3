"""How far we are behind those who tell us something, as people read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from staging_gate.domain.delivery import Lag
from staging_gate.messages import hooks as words


@dataclass(frozen=True)
class ShownLag:
    lag: Lag
    well: bool
    said: str


def shown(lags: Iterable[Lag], at: datetime) -> tuple[ShownLag, ...]:
    return tuple(ShownLag(lag, lag.is_well(at), words.lag(lag, at)) for lag in lags)
