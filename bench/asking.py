"""Strict clients of a benchmark: under load from the first moment, and when a release first answered them."""

from collections.abc import Iterator
from contextlib import contextmanager

from staging_gate.testing import eventually
from staging_gate.testing.strict_client import Answer, StrictClient

KEPT, FRESH = 12, 4


@contextmanager
def asking(address: str, rate: int) -> Iterator[StrictClient]:
    """A client that asks so often a second, and has begun."""
    client = StrictClient(address, kept=KEPT, fresh=FRESH, rate=rate)
    with client:
        eventually(lambda: client.requests > rate // 10)
        yield client


def until_answered(client: StrictClient, release: str, since: float) -> float:
    """Milliseconds from `since`, in seconds since 1970, to the first complete answer of this release."""

    def answer() -> Answer | None:
        return client.first(release, since)

    found = eventually(answer, within=60)
    assert found is not None  # `eventually` returns what is true
    return (found.done - since) * 1000
