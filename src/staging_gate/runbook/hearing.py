"""Webhooks are hints: whatever they say, we read again how it is. So lost, doubled and late ones do no harm."""

from collections.abc import Sequence
from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.delivery import Delivery, Lag
from staging_gate.ports import Ports
from staging_gate.ports.inbox import Inbox
from staging_gate.runbook import answering, noting_traffic, pushes, reconcile
from staging_gate.runbook.changes import Unknown, Unusable

MAY_READ = ("devops", "admin")


def look_again(ports: Ports, inbox: Inbox) -> None:
    """Look once for all that has come until now. What can not be looked at stays in the inbox, for the next time."""
    newest, told = inbox.newest(), any(lag.waiting for lag in inbox.lags())
    wake(ports, inbox)
    answering.heard(ports, inbox)
    pushes.heard(ports, inbox)
    reconcile.catch_up(ports, told=told)
    if told:
        noting_traffic.note(ports)
        inbox.settle(newest, ports.clock.now())


def wake(ports: Ports, inbox: Inbox) -> None:
    """Whoever waits for a provider that has told us something looks at once."""
    for delivery in inbox.waiting(tuple(ports.hearers)):
        ports.hearers[delivery.provider].heard(delivery.body)


def lags(inbox: Inbox, providers: Sequence[str]) -> list[Lag]:
    """Of providers that may tell us something."""
    known = {lag.provider: lag for lag in inbox.lags()}
    looks = {look.provider: look for look in inbox.looks()}
    found = (known.get(provider) or Lag(provider, None) for provider in providers)
    return [replace(lag, look=looks.get(lag.provider)) for lag in found]


def read(inbox: Inbox, provider: str, key: str, by: Actor) -> Delivery:
    """A delivery with its body, which may tell of anything. Raises Unknown, Unusable."""
    if not by.has_any(*MAY_READ):
        raise Unusable(f"What a webhook brought is shown to {' and '.join(MAY_READ)} only.")
    found = inbox.get(provider, key)
    if found is None:
        raise Unknown(f"There is no delivery {key!r} of {provider}. `gate hooks list` shows the recent ones.")
    return found
