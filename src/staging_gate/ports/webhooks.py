"""The webhook of ours at the code host."""

from collections.abc import Sequence
from typing import Protocol

from staging_gate.domain.webhook import Webhook


class Webhooks(Protocol):
    """Where the host says no, for want of a right: Refused, with what to grant. The secret is never given out."""

    @property
    def wanted(self) -> Webhook:
        """As it should be."""
        ...

    @property
    def lacking(self) -> Sequence[str]:
        """The settings of ours without which there can be none."""
        ...

    @property
    def of_app(self) -> bool:
        """Whether it is an App's, of which there is always one, and which events are chosen by hand."""
        ...

    def there(self) -> list[Webhook]:
        """Those that send to us, the oldest first; of an App its only one, wherever that sends to."""
        ...

    def create(self) -> None:
        """Raises Unclear where the reply was lost: look before it is repeated."""
        ...

    def correct(self, hook: Webhook) -> None:
        """So that it is as wanted, and tells of no less than before; a delivery that we refused is sent again."""
        ...

    def remove(self, id: int) -> None:
        """One that is gone is removed."""
        ...
