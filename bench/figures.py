"""What a benchmark says: figures, each beside what was measured with it in the same run."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Baseline:
    """What was measured beside a figure, in the figure's unit."""

    name: str
    value: float


@dataclass(frozen=True)
class Figure:
    """`most` and `least` limit the ratio, `most_value` the value itself; at most one of them is given."""

    bench: str
    figure: str
    value: float
    unit: str
    baseline: Baseline | None = None
    most: float | None = None
    least: float | None = None
    most_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """Of the value to the baseline's; None where there is nothing to divide by."""
        return round(self.value / self.baseline.value, 3) if self.baseline and self.baseline.value else None

    @property
    def aim(self) -> str | None:
        if self.most is not None:
            return f"ratio <= {self.most:g}"
        if self.least is not None:
            return f"ratio >= {self.least:g}"
        return None if self.most_value is None else f"{self.unit} <= {self.most_value:g}"

    @property
    def holds(self) -> bool | None:
        """Whether the aim is met; None without an aim."""
        if self.most is not None:
            return self.ratio is not None and self.ratio <= self.most
        if self.least is not None:
            return self.ratio is not None and self.ratio >= self.least
        return None if self.most_value is None else self.value <= self.most_value

    def line(self) -> str:
        """One JSON object."""
        baseline = {"name": self.baseline.name, "value": self.baseline.value} if self.baseline else None
        found = {"bench": self.bench, "figure": self.figure, "value": self.value, "unit": self.unit}
        return json.dumps({**found, "baseline": baseline, "ratio": self.ratio, "aim": self.aim, "holds": self.holds})


def show(figures: Iterable[Figure]) -> None:
    """A table on the standard output."""
    table = Table("bench", "figure", "value", "measured beside it", "ratio", "aim", "holds")
    for one in figures:
        beside = f"{one.baseline.name}: {one.baseline.value:g}" if one.baseline else ""
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        holds = {None: "", True: "yes", False: "NO"}[one.holds]
        table.add_row(one.bench, one.figure, f"{one.value:g} {one.unit}", beside, ratio, one.aim or "", holds)
    Console().print(table)
