"""What every notifier promises: the one of the stories, and Apprise with a real server that it talks to."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from staging_gate.adapters import apprise
from staging_gate.domain.notification import Message
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from staging_gate.ports.notifier import Notifier
from staging_gate.testing.notices import FakeNotifier

SECRET = "hunter2"
ADA = "env:ADA_ALERTS"
MESSAGE = Message("Hotfix, change 7: fix: login — 市場", "nobody can log in\n`gate ack 12`", urgent=True)
QUICK = apprise.Settings(connect_seconds=1.0, answer_seconds=1.0)


class Outside(Protocol):
    """A notifier with where it leads. What `arrived` are titles and bodies."""

    @property
    def notifier(self) -> Notifier: ...
    def arrived(self) -> list[tuple[str, str]]: ...
    def answers(self, status: int) -> None: ...
    def is_away(self) -> None: ...
    def is_slow(self) -> None: ...
    def has_no_address(self) -> None: ...


@dataclass
class InMemory:
    notifier: FakeNotifier = field(default_factory=FakeNotifier)

    def arrived(self) -> list[tuple[str, str]]:
        return [(one.message.title, one.message.body) for one in self.notifier.sent]

    def answers(self, status: int) -> None:
        kind = Refused if status < 500 else Unclear if status == 500 else Unavailable
        self.notifier.fail_next(ADA, kind(f"Where {ADA} leads, the answer was {status}."))

    def is_away(self) -> None:
        self.notifier.fail_next(ADA, Unavailable(f"There is no connection to where {ADA} leads."))

    def is_slow(self) -> None:
        self.notifier.fail_next(ADA, Unclear(f"There was no answer from where {ADA} leads."), arrives=True)

    def has_no_address(self) -> None:
        self.notifier.lacking.add(ADA)


class OverHttp:
    """Apprise's `json://`, which posts to any server; its password is the secret."""

    def __init__(self, server: HTTPServer) -> None:
        self.addresses = {ADA: f"json://ada:{SECRET}@127.0.0.1:{server.port}/{SECRET}/"}
        self.notifier: Notifier = apprise.connect(self.addresses.get, QUICK)
        self._server = server
        self._done = threading.Event()
        self.answers(200)

    def arrived(self) -> list[tuple[str, str]]:
        posted = [request.get_json() for request, _ in self._server.log]
        return [(one["title"], one["message"]) for one in posted]

    def answers(self, status: int) -> None:
        self._respond(lambda request: Response(f"no {SECRET} here", status))

    def is_away(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.addresses[ADA] = f"json://ada:{SECRET}@127.0.0.1:{free.getsockname()[1]}/{SECRET}/"

    def is_slow(self) -> None:
        def answer_late(request: Request) -> Response:
            self._done.wait(30)
            return Response("", 200)

        self._respond(answer_late)

    def has_no_address(self) -> None:
        del self.addresses[ADA]

    def close(self) -> None:
        self._done.set()

    def _respond(self, answer: Callable[[Request], Response]) -> None:
        self._server.clear_all_handlers()
        self._server.expect_request(f"/{SECRET}/", method="POST").respond_with_handler(answer)


@pytest.fixture(params=["in memory", "over HTTP"])
def outside(request: pytest.FixtureRequest) -> Iterator[Outside]:
    if request.param == "in memory":
        yield InMemory()
    else:
        with HTTPServer(threaded=True) as server:
            real = OverHttp(server)
            yield real
            real.close()


def why(outside: Outside, kind: type[OutsideError]) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        outside.notifier.send(ADA, MESSAGE)
    assert type(caught.value) is kind, caught.value
    return caught.value


def test_a_message_arrives_as_it_was_written(outside: Outside) -> None:
    outside.notifier.send(ADA, MESSAGE)
    assert outside.arrived() == [(MESSAGE.title, MESSAGE.body)]
    assert outside.notifier.why_not(ADA) is None


def test_a_no_is_refused(outside: Outside) -> None:
    outside.answers(401)
    assert why(outside, Refused).message == f"Where {ADA} leads, the answer was 401."


def test_too_busy_is_unavailable(outside: Outside) -> None:
    outside.answers(503)
    assert "503" in why(outside, Unavailable).message


def test_a_server_that_breaks_may_have_taken_it(outside: Outside) -> None:
    outside.answers(500)
    assert "500" in why(outside, Unclear).message


def test_what_does_not_listen_is_unavailable(outside: Outside) -> None:
    outside.is_away()
    why(outside, Unavailable)
    assert outside.arrived() == []


def test_what_does_not_answer_may_have_taken_it(outside: Outside) -> None:
    outside.is_slow()
    why(outside, Unclear)


def test_it_goes_on_after_an_error(outside: Outside) -> None:
    outside.answers(503)
    why(outside, Unavailable)
    outside.answers(200) if isinstance(outside, OverHttp) else None
    outside.notifier.send(ADA, MESSAGE)
    assert outside.arrived()[-1] == (MESSAGE.title, MESSAGE.body)


def test_a_reference_that_leads_nowhere_is_refused_and_named(outside: Outside) -> None:
    outside.has_no_address()
    said = why(outside, Refused).message
    assert ADA in said
    assert outside.notifier.why_not(ADA) == said


@pytest.mark.parametrize("trouble", ["answers 401", "answers 500", "is away", "is slow"])
def test_no_error_and_no_log_shows_an_address(outside: Outside, trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    troubles: Mapping[str, Callable[[], None]] = {
        "answers 401": lambda: outside.answers(401),
        "answers 500": lambda: outside.answers(500),
        "is away": outside.is_away,
        "is slow": outside.is_slow,
    }
    troubles[trouble]()
    with pytest.raises(OutsideError) as caught:
        outside.notifier.send(ADA, MESSAGE)
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("werkzeug"))
    assert SECRET not in f"{caught.value!r} {caught.value.evidence} {said}"
