"""Whoever waits for a provider looks at once when the provider tells that something has changed."""

from typing import Protocol


class Hearer(Protocol):
    """What works with a provider that tells us of changes by webhooks."""

    def heard(self, body: bytes) -> None:
        """A hint in the provider's own words: whoever waits for what it may be about looks at once. Returns at once
        and takes any body; a hint that is lost, late or doubled does no harm."""
        ...
