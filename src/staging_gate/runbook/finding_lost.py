"""Webhooks that never came. GitHub sends each once: one that met a closed door is found by asking what was sent.

Nothing depends on it: we look at everything again by ourselves every few seconds. It makes the look come with its hint,
and shows how many get lost.
"""

from datetime import datetime, timedelta

from staging_gate.domain.delivery import Delivery, Look
from staging_gate.ports import Ports
from staging_gate.ports.deliveries import Deliveries, Sent
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.inbox import Inbox

EVERY = timedelta(minutes=3)
UNDER_WAY = timedelta(seconds=30)
"""What was sent so lately may still be coming."""

OVERLAP = timedelta(hours=1)
"""A provider may list what it sent a while after it did."""

FARTHEST = timedelta(days=3)
"""GitHub keeps deliveries that long."""

MOST_BODIES = 50
"""Asked for in one look, of the newest; the others are hints without a body."""


def look(ports: Ports, inbox: Inbox, every: timedelta = EVERY) -> None:
    """Put what got lost into the inbox, as if it had come now. What a provider does not tell is noted, and no error."""
    known = {one.provider: one for one in inbox.looks()}
    at = ports.clock.now()
    for provider, deliveries in ports.deliveries.items():
        last = known.get(provider)
        if last is not None and timedelta(0) <= at - last.at < every:
            continue
        try:
            _look(inbox, provider, deliveries, last, at)
        except OutsideError as error:
            inbox.looked(Look(provider, at, last.good_at if last else None, error.message))


def _look(inbox: Inbox, provider: str, deliveries: Deliveries, last: Look | None, at: datetime) -> None:
    sent = {one.key: one for one in deliveries.since(_begin(last, at)) if one.at <= at - UNDER_WAY}
    lost = [one for one in sent.values() if inbox.get(provider, one.key) is None]
    bodies = {one.key: _body(deliveries, one) for one in lost[-MOST_BODIES:]}
    inbox.keep_lost(
        [Delivery(provider, one.key, one.event, at, bodies.get(one.key, b""), None, one.at) for one in lost]
    )
    inbox.looked(Look(provider, at, at))


def _begin(last: Look | None, at: datetime) -> datetime:
    """What was sent before we first listened was for nobody, and is not lost."""
    listening = (last.since if last and last.since else at).replace(microsecond=0)  # providers tell whole seconds
    known = last.good_at - OVERLAP if last and last.good_at else listening
    return max(at - FARTHEST, listening, known)


def _body(deliveries: Deliveries, sent: Sent) -> bytes:
    """Without it the hint is as good as most: we read again how it is."""
    try:
        return deliveries.body(sent)
    except OutsideError:
        return b""
