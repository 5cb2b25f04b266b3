from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.testing.clock import MovableClock
from staging_gate.testing.vercel import VercelStandIn
from tests.adapters.vercel.connecting import There
from tests.adapters.vercel.specification import examination


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    """Every request of these tests is held against Vercel's description."""
    clock, examined = MovableClock(), examination()
    with VercelStandIn(clock, examined.look) as vercel:
        there = There(tmp_path / "vercel", vercel, clock)
        assert there.project
        yield there
    assert not examined.faults
