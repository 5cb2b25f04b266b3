"""Is it up, is it what we deployed, and is it really ours that answers? Asked on the process's own port."""

import http.client
import socket
from collections.abc import Callable
from dataclasses import dataclass

from staging_gate.adapters.local.environ import fill_in
from staging_gate.adapters.local.waiting import Limit, pause, seldom
from staging_gate.domain.environment import Environment
from staging_gate.domain.health import Judgement, judged
from staging_gate.domain.service import Health
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Stopped

EVERY = 0.005
"""Seconds between two questions while a service starts."""
ENDED_EVERY = 0.05
CANCELLED_EVERY = 0.2
ANSWER_WITHIN = 5.0
LONGEST_BODY = 64 * 1024
SHOWN_BODY = 500


@dataclass(frozen=True)
class Question:
    """What the process on `port` must answer to be the right one."""

    port: int
    health: Health
    environment: Environment
    commit: str


@dataclass(frozen=True)
class Answer:
    """`problem` says why there is no status."""

    status: int | None = None
    body: str = ""
    problem: str = ""

    def __str__(self) -> str:
        if self.status is None:
            return self.problem
        body = " ".join(self.body.split())
        return f"{self.status} {body[:SHOWN_BODY]}{'…' if len(body) > SHOWN_BODY else ''}"


@dataclass(frozen=True)
class Look:
    """What waiting for a process came to; when it is not `ready`, `judgement` says what was wrong last."""

    ready: bool
    judgement: Judgement
    answer: Answer
    seconds: float


def ask(question: Question, within: float = ANSWER_WITHIN) -> Answer:
    """One GET of the health path, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", question.port)
    try:
        # By ourselves, because what the library does before it connects costs five times as much as the answer that
        # nobody listens, which is the usual one.
        connection.sock = socket.socket()
        connection.sock.settimeout(within)
        connection.sock.connect(("127.0.0.1", question.port))
        connection.request("GET", question.health.path, headers={"Connection": "close", "Accept": "application/json"})
        response = connection.getresponse()
        return Answer(response.status, response.read(LONGEST_BODY).decode(errors="replace"))
    except TimeoutError:
        return Answer(problem=f"no answer within {within:g} s")
    except ConnectionRefusedError:
        return Answer(problem="nobody listens on its port yet")
    except (OSError, http.client.HTTPException) as error:
        return Answer(problem=f"no complete answer ({error or type(error).__name__})")
    finally:
        connection.close()


def judge(answer: Answer, question: Question) -> Judgement:
    if answer.status is None:
        return Judgement(answer.problem)
    expected = question.health.expect.items()
    wanted = {name: fill_in(value, {"ENVIRONMENT": question.environment}) for name, value in expected}
    return judged(answer.status, answer.body, wanted, question.commit)


def wait(question: Question, ours: Callable[[], bool], ended: Callable[[], bool], cancelled: Cancelled) -> Look:
    """Ask until two answers in a row are right and `ours` says that no other process gave them.

    Comes back before the time is over when the process has `ended`, or its answer will never be right.
    """
    limit = Limit(question.health.within.total_seconds())
    # The service needs the processor now, and these look into files and the record.
    ended, cancelled = seldom(ended, ENDED_EVERY), seldom(cancelled, CANCELLED_EVERY)
    in_a_row = 0
    while True:
        if cancelled():
            raise Stopped("It was cancelled while it started.")
        answer = ask(question, min(ANSWER_WITHIN, question.health.within.total_seconds()))
        judgement = judge(answer, question)
        in_a_row = 0 if judgement.wrong else in_a_row + 1
        if (in_a_row == 2 or judgement.for_good) and not ours():
            in_a_row, judgement = 0, Judgement("another process answers on its port")
        if in_a_row == 2 or judgement.for_good or (limit.over and not in_a_row) or ended():
            return Look(in_a_row == 2, judgement, answer, limit.spent)
        if judgement.wrong:
            pause(EVERY)
