from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.local.tiny import Tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    """Starts tiny services; all of them are gone after the test."""
    one = Tiny(tmp_path)
    yield one
    one.stop()
