"""The webhook by which a code host tells us of what happens there: as it should be, as it is, and what is wrong with
it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

ALL = "*"
REFUSED = (401, 403)


@dataclass(frozen=True)
class Webhook:
    """`answered` is the status that the last delivery got, 0 where it found nobody, None where there was none yet;
    `why` is the host's word for that."""

    address: str
    events: frozenset[str]
    active: bool = True
    json: bool = True
    checks_certificate: bool = True
    has_secret: bool = True
    answered: int | None = None
    why: str = ""
    id: int | None = field(default=None, compare=False)

    @property
    def is_refused(self) -> bool:
        """Whether we found its signature to be none of ours."""
        return self.answered in REFUSED

    @property
    def failed(self) -> bool:
        return self.answered is not None and not 200 <= self.answered < 300

    def lacks(self, events: frozenset[str]) -> frozenset[str]:
        return frozenset() if ALL in self.events else events - self.events

    def corrected(self, wanted: "Webhook") -> "Webhook":
        """As it should be; what it tells of besides, it goes on telling."""
        return replace(wanted, events=self.events if ALL in self.events else self.events | wanted.events)


@dataclass(frozen=True)
class Fault:
    """`code` says what is wrong, `detail` what of it."""

    code: str
    detail: str = ""


def faults(wanted: Webhook, there: Sequence[Webhook], of_app: bool) -> list[Fault]:
    """`there` are those that send to us; of an App its only one, wherever that sends to."""
    if not there:
        return [Fault("app_missing" if of_app else "missing", wanted.address)]
    found = list(_of(wanted, there[0], of_app))
    return found + ([Fault("doubled", wanted.address)] if len(there) > 1 else [])


def _of(wanted: Webhook, hook: Webhook, of_app: bool) -> Iterator[Fault]:
    if hook.address != wanted.address:
        yield Fault("elsewhere", hook.address)
        return
    if not hook.active:
        yield Fault("inactive")
    if lacking := hook.lacks(wanted.events):
        yield Fault("app_events" if of_app else "events", ", ".join(sorted(lacking)))
    if not hook.json:
        yield Fault("form")
    if not hook.checks_certificate:
        yield Fault("insecure")
    if not hook.has_secret:
        yield Fault("no_secret")
    elif hook.is_refused:
        yield Fault("secret_differs", str(hook.answered))
    if hook.failed and not hook.is_refused:
        yield Fault("failed", " ".join(filter(None, (str(hook.answered or ""), hook.why))) or "nobody answered")
