"""A thread of its own keeps the code host told: nobody else waits for that."""

import logging
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from staging_gate.messages import shown as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError
from staging_gate.runbook import ticking

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 10.0
GATHER_SECONDS = 2.0
"""What is committed meanwhile is told at once: every telling is a request that the code host counts."""


class Reporting:
    """Runs where the code host can be told anything; `news` is called after every commit."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._news, self._stopped = Event(), Event()
        self._thread = Thread(target=self._tell_on, name="report", daemon=True)

    def start(self) -> None:
        if self._ports.reports is not None:
            self._thread.start()

    def news(self) -> None:
        self._news.set()

    def stop(self) -> None:
        self._stopped.set()
        self._news.set()

    @property
    def alive(self) -> bool:
        return self._ports.reports is None or self._thread.is_alive()

    def _tell_on(self) -> None:
        while not self._stopped.is_set():
            self._news.clear()
            try:
                ticking.report(self._ports)
            except (OutsideError, SQLAlchemyError) as error:
                log.warning("could not keep the code host told, trying again: %s", error)
            self._stopped.wait(GATHER_SECONDS)
            self._news.wait(LOOK_EVERY_SECONDS)


def examine_reports(ports: Ports) -> list[tuple[bool, str, str]]:
    """Whether all is shown at the code host, what is not, and what to do; nothing where it is told nothing."""
    if ports.reports is None:
        return []
    with ports.store.reading() as tx:
        failing = tx.tellings.failing()
    try:
        lacking = ports.reports.lacking()
    except OutsideError as error:
        return [(False, error.message, words.what_to_do())]
    return [(not failing and not lacking, words.summed_up(failing, lacking), words.what_to_do())]
