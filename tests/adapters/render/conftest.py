from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.testing.clock import MovableClock
from tests.adapters.render.connecting import There, render_stand_in


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    clock = MovableClock()
    with render_stand_in(clock) as render:
        render.host("srv-api")
        yield There(tmp_path / "render", render, clock)
