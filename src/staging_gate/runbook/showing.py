"""What is shown at the code host is told when it differs from what was told last: by one process at a time, again until
it is taken, looked for where a reply was lost."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.report import Told
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError, Refused, Unclear
from staging_gate.ports.reports import Reports
from staging_gate.ports.store import Stale, Transaction

log = logging.getLogger(__name__)

CLAIMED = timedelta(minutes=5)
"""How long whoever tells it has it alone; longer than any try may take."""

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(minutes=5)

AT_ONCE, REST, LONGEST_REST = 20, timedelta(seconds=10), timedelta(minutes=10)
"""How often one thing is told at once. What goes on changing rests longer each time: code hosts take only so much."""


@dataclass(frozen=True)
class Piece:
    """One thing to tell. `noun` is what the record calls it; `print` differs where something else is to be said. The
    code host's key of it holds for what it is `about`. `tell` takes the key, or "", and returns it."""

    subject: str
    noun: str
    print: str
    tell: Callable[[Reports, str], str]
    about: str = ""


def fingerprint(*parts: object) -> str:
    return sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()


def tell_each(ports: Ports, pieces: Iterable[Piece]) -> None:
    """Where the code host can not be asked, the others wait for the next time too."""
    reports = ports.reports
    if reports is None:
        return
    for piece in pieces:
        claimed = _claim(ports, piece)
        if claimed is not None and not _tell(ports, reports, piece, claimed):
            return


def retry_at(at: datetime, attempts: int) -> datetime:
    wait: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
    return at + wait


def failed(tx: Transaction, claimed: Told, noun: str, error: OutsideError) -> None:
    """Note why it could not be told; a no is put on the record, once."""
    new = replace(
        claimed,
        due_at=retry_at(tx.at, claimed.attempts),
        problem=error.message,
        failing_since=claimed.failing_since or tx.at,
        unclear=isinstance(error, Unclear),
    )
    tx.tellings.update(new, claimed)
    if isinstance(error, Refused) and error.message != claimed.problem:
        tx.audit(SYSTEM, "not shown at the code host", noun, error.message)
    log.warning("%s could not be shown at the code host: %s", claimed.subject, error.message)


def _claim(ports: Ports, piece: Piece) -> Told | None:
    """None where it is said already, or it is not its turn."""
    with ports.store.reading() as tx:
        known = tx.tellings.get(piece.subject)
        if known is not None and not _is_due(known, piece, tx.at):
            return None
    try:
        with ports.store.transaction() as tx:
            due_at = tx.at + CLAIMED
            if known is None:
                claimed = Told(piece.subject, due_at, about=piece.about, attempts=1, unclear=True)
                tx.tellings.add(claimed)
                return claimed
            same = known.about == piece.about
            claimed = replace(known, due_at=due_at, attempts=known.attempts + 1, unclear=True, about=piece.about)
            claimed = claimed if same else replace(claimed, said="", key="", times=0)
            tx.tellings.update(claimed, known)
            return claimed
    except Stale:
        log.debug("somebody else tells %s", piece.subject)
        return None


def _is_due(known: Told, piece: Piece, at: datetime) -> bool:
    """What is about something new need not rest, unless somebody is just telling it."""
    same = known.about == piece.about
    if known.due_at > at and (same or known.unclear):
        return False
    return known.unclear or not same or known.said != piece.print


def _tell(ports: Ports, reports: Reports, piece: Piece, claimed: Told) -> bool:
    """Whether the code host could be asked."""
    try:
        key = piece.tell(reports, claimed.key)
    except OutsideError as error:
        with ports.store.transaction() as tx:
            failed(tx, claimed, piece.noun, error)
        return isinstance(error, Refused)
    with ports.store.transaction() as tx:
        times = claimed.times + 1
        rest = min(REST * max(0, times - AT_ONCE), LONGEST_REST)
        told = Told(piece.subject, tx.at + rest, piece.print, key, piece.about, times, told_at=tx.at)
        tx.tellings.update(told, claimed)
    return True
