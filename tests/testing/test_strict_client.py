"""A client that is to prove that nothing fails must first be seen to notice everything that does."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from staging_gate.testing import eventually
from staging_gate.testing.strict_client import Answer, StrictClient

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"revision": "abc1234"}'

Script = Callable[[int], bytes | None]
"""What to answer to the request of this number; None closes the connection without an answer."""


@contextlib.contextmanager
def server(script: Script, closes: bool = False) -> Iterator[str]:
    """Answers by the script; afterwards closes each connection in silence where `closes`."""
    numbers = iter(range(1_000_000))

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(65_536):
                answer = script(next(numbers))
                if answer is None:
                    return
                connection.sendall(answer)
                if closes:
                    return

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def ask(
    script: Script, more: int = 20, kept: int = 1, fresh: int = 0, closes: bool = False, rate: float | None = None
) -> tuple[Answer, ...]:
    with (
        server(script, closes) as address,
        StrictClient(address, kept=kept, fresh=fresh, rate=rate, within=0.3) as client,
    ):
        eventually(lambda: client.requests >= more)
        return client.stop()


def failures(answers: tuple[Answer, ...]) -> set[str]:
    return {answer.failure for answer in answers if answer.failed}


def once(wrong: bytes | None) -> Script:
    """All right but the sixth."""
    return lambda number: wrong if number == 5 else GOOD


@pytest.mark.parametrize("kept, fresh", [(2, 0), (0, 2)])
def test_complete_answers_are_no_failures(kept: int, fresh: int) -> None:
    answers = ask(lambda _: GOOD, kept=kept, fresh=fresh)

    assert failures(answers) == set()
    assert {(one.status, one.revision, one.path) for one in answers} == {(200, "abc1234", "/health")}
    assert {one.kept for one in answers} == {kept > 0}
    assert all(0 < one.done - one.sent < 10 and abs(one.done - time.time()) < 60 for one in answers)


@pytest.mark.parametrize("kept, fresh", [(1, 0), (0, 1)])
@pytest.mark.parametrize(
    "wrong, failure",
    [
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "status 502"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "status 204"),
        (None, "IncompleteReadError"),
        (b"HTTP/1.1 200 OK\r\n\r\nwhere does it end", "ValueError: an answer without a length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short", "no complete answer within 0.3 s"),
        (b"nonsense\r\nContent-Length: 0\r\n\r\n", "IndexError"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "LimitOverrunError"),
        (b"", "no complete answer within 0.3 s"),
    ],
)
def test_one_wrong_answer_among_good_ones_is_one_failure(
    kept: int, fresh: int, wrong: bytes | None, failure: str
) -> None:
    answers = ask(once(wrong), kept=kept, fresh=fresh)

    wrongs = [one for one in answers if one.failed]
    assert len(wrongs) == 1
    assert wrongs[0].failure.startswith(failure)


def test_nobody_listening_is_a_failure() -> None:
    with StrictClient("http://127.0.0.1:1", kept=1, fresh=1) as client:
        eventually(lambda: client.requests >= 4)

    assert len(client.failures) == client.requests
    assert all(one.failure.startswith("ConnectionRefusedError") for one in client.failures)


def test_a_kept_connection_that_was_closed_before_the_request_is_no_failure() -> None:
    assert failures(ask(lambda _: GOOD, more=5, closes=True, rate=20)) == set()


def test_a_connection_whose_closing_was_announced_is_not_used_again() -> None:
    announced = GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    assert failures(ask(lambda _: announced, closes=True)) == set()


def test_chunks_are_put_together_and_a_header_may_tell_the_revision() -> None:
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"revisio\r\n8;x=y\r\nn":"r2"}\r\n0\r\n\r\n'
    header = b"HTTP/1.1 200 OK\r\nX-Revision: r3\r\nContent-Length: 2\r\n\r\nhi"

    answers = ask(lambda number: (chunked, header)[number % 2])

    assert failures(answers) == set()
    assert {one.revision for one in answers} == {"r2", "r3"}


def test_the_rate_is_kept() -> None:
    with server(lambda _: GOOD) as address, StrictClient(address, kept=3, fresh=1, rate=100) as client:
        first = eventually(lambda: client.results)[0]
        eventually(lambda: client.requests >= 100)
        hundredth = client.results[99]

    assert 0.8 < hundredth.done - first.done < 5


def test_the_first_answer_of_a_revision_after_a_moment() -> None:
    old, new = GOOD.replace(b"abc1234", b"release"), GOOD
    answers = ask(lambda number: old if number < 8 else new)
    client = StrictClient("http://127.0.0.1:1")
    client._answers.extend(answers)

    first = client.first("abc1234")

    assert first == answers[8]
    assert client.first("abc1234", after=answers[10].done) == answers[10]
    assert client.first("no such") is None
