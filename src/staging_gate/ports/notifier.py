"""Reaching people where they are: mail, chat, telephone."""

from typing import Protocol

from staging_gate.domain.notification import Message


class Notifier(Protocol):
    """`to` is a reference to an address (`env:NAME`, `file:/path`). What it leads to holds secrets: no answer and no
    error of ours shows it."""

    def send(self, to: str, message: Message) -> None:
        """Returns once the other side has taken it. Takes seconds, and not for ever.

        Raises Refused (the address or the other side says no), Unavailable (nothing arrived), Unclear (it may have).
        """
        ...

    def why_not(self, to: str) -> str | None:
        """Why nothing can be sent there, as far as that is seen without sending; None where nothing is wrong."""
        ...
