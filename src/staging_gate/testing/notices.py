"""A notifier that keeps what it was given, and fails on request."""

from dataclasses import dataclass, field

from staging_gate.domain.notification import Message
from staging_gate.ports.errors import Refused


@dataclass(frozen=True)
class Sent:
    """`to` is the reference to the address."""

    to: str
    message: Message


@dataclass
class FakeNotifier:
    """Implements `ports.notifier.Notifier`. `sent` has what arrived, in order, `failed` where it went wrong; `lacking`
    are references that lead nowhere."""

    sent: list[Sent] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)
    _failing: dict[str, list[tuple[BaseException, bool]]] = field(default_factory=dict)

    def send(self, to: str, message: Message) -> None:
        if problem := self.why_not(to):
            raise Refused(problem)
        error, arrives = self._next_fault(to)
        if arrives:
            self.sent.append(Sent(to, message))
        if error is not None:
            self.failed.append(to)
            raise error

    def why_not(self, to: str) -> str | None:
        return f"{to} is not set where Staging Gate runs." if to in self.lacking else None

    def fail_next(self, to: str, error: BaseException, times: int = 1, arrives: bool = False) -> None:
        """The next `times` something is sent there, `error` is raised; whether it `arrives` nevertheless."""
        self._failing.setdefault(to, []).extend([(error, arrives)] * times)

    def recovers(self, to: str) -> None:
        self._failing.pop(to, None)

    def to(self, reference: str) -> list[str]:
        """The titles of what arrived there."""
        return [one.message.title for one in self.sent if one.to == reference]

    def expect(self, to: str, *words: str) -> Message:
        """The one message that arrived there with these words."""
        found = [one.message for one in self.sent if one.to == to and all(word in _text(one.message) for word in words)]
        assert len(found) == 1, f"{len(found)} messages to {to} say {words}: {self.to(to)}"
        return found[0]

    def copy(self) -> "FakeNotifier":
        return FakeNotifier(list(self.sent), list(self.failed), set(self.lacking))

    def _next_fault(self, to: str) -> tuple[BaseException | None, bool]:
        faults = self._failing.get(to, [])
        return faults.pop(0) if faults else (None, True)


def _text(message: Message) -> str:
    return f"{message.title}\n{message.body}"
