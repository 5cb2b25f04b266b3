"""Sends one message to one Apprise address, once. Apprise answers only yes or no, and says why in its log: that is read
here, and goes no further, because it quotes addresses, which hold secrets."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING

from staging_gate.domain.notification import Message
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear

if TYPE_CHECKING:
    from apprise import NotifyType
    from apprise.plugins.base import NotifyBase

Read = Callable[[str], str | None]
"""What a reference leads to; None where it leads nowhere."""


@dataclass(frozen=True)
class Settings:
    """How long to wait for a connection, and for an answer."""

    connect_seconds: float = 5.0
    answer_seconds: float = 10.0


def connect(read: Read, settings: Settings | None = None) -> "AppriseNotifier":
    return AppriseNotifier(read, settings or Settings())


class AppriseNotifier:
    """Implements `ports.notifier.Notifier`. The library is loaded with the first message (0.2 s)."""

    def __init__(self, read: Read, settings: Settings) -> None:
        self._read = read
        self._settings = settings

    def send(self, to: str, message: Message) -> None:
        service = self._service(to)
        with _heard() as said:
            try:
                taken = service.notify(body=message.body, title=message.title, notify_type=_type(message))
            except Exception as error:  # 170 services are 170 programs of others: none of them may stop ours
                raise Unclear(f"Apprise broke on what {to} leads to ({type(error).__name__}).") from None
        if not taken:
            raise _in_our_words(to, "\n".join(said), self._settings)

    def why_not(self, to: str) -> str | None:
        try:
            self._service(to)
        except Refused as refused:
            return refused.message
        return None

    def _service(self, to: str) -> "NotifyBase":
        """Raises Refused."""
        address = self._read(to)
        if address is None:
            kind, _, name = to.partition(":")
            what = f"{name} is not set" if kind == "env" else f"{name} can not be read, or is empty,"
            raise Refused(f"{to} leads to no address: {what} where Staging Gate runs.")
        service = _service_of(address.strip())
        if service is None:
            raise Refused(
                f"What {to} leads to is no address that Apprise knows, such as mailtos://user:password@example.com."
            )
        service.socket_connect_timeout = self._settings.connect_seconds
        service.socket_read_timeout = self._settings.answer_seconds
        return service


def _service_of(address: str) -> "NotifyBase | None":
    with _heard():
        from apprise import Apprise, AppriseAsset

        asset = AppriseAsset(app_id="Staging Gate", app_desc="Staging Gate", app_url="", async_mode=False)
        return Apprise.instantiate(address, asset=asset)


def _type(message: Message) -> "NotifyType":
    from apprise import NotifyType

    return NotifyType.WARNING if message.urgent else NotifyType.INFO


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Apprise says in this thread meanwhile."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(_EAR)  # once: the same filter is not added again
    logging.getLogger("urllib3").setLevel(logging.INFO)  # at DEBUG it quotes addresses too
    said: list[str] = []
    _EAR.here.said = said
    try:
        yield said
    finally:
        del _EAR.here.said


class _Ear(logging.Filter):
    """Lets nothing through: what Apprise says holds addresses, and would stand in everybody's log."""

    def __init__(self) -> None:
        super().__init__()
        self.here = local()

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(self.here, "said"):
            self.here.said.append(record.getMessage())
        return False


_EAR = _Ear()

_NO_CONNECTION = re.compile(
    r"refused|resol|NewConnectionError|ConnectTimeout|connect timeout|unreachable|getaddrinfo|not known|no route",
    re.IGNORECASE,
)
_NO_ENTRY = re.compile(r"authenticat|SMTPSenderRefused|SMTPRecipientsRefused|\(5\d\d,", re.IGNORECASE)


def _in_our_words(to: str, said: str, settings: Settings) -> OutsideError:
    """Whose move it is. Nothing of what was said is repeated but numbers."""
    if code := re.search(r"error=(\d{3})\b", said):
        return _by_status(to, int(code[1]))
    if "Socket Exception" not in said and "Connection error" not in said:
        return Unavailable(f"It was not taken at {to}, and Apprise does not say why.")
    if _NO_CONNECTION.search(said):
        return Unavailable(f"There is no connection to where {to} leads.")
    if _NO_ENTRY.search(said):
        return Refused(f"Where {to} leads, it was refused: user, password or recipient are not accepted.")
    return Unclear(
        f"The connection to where {to} leads broke, or there was no answer within {settings.answer_seconds:g} s."
    )


def _by_status(to: str, status: int) -> OutsideError:
    answer = f"Where {to} leads, the answer was {status}."
    if status in (429, 503):
        return Unavailable(answer)
    return Unclear(answer) if status >= 500 else Refused(answer)
