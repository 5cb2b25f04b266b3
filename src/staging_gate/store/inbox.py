"""Deliveries of webhooks, in a SQLite file of their own: they wait for no other writer, and belong to this process."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from staging_gate.domain.delivery import Delivery, Lag, Look
from staging_gate.ports.errors import Unavailable

KEPT_FOR = timedelta(days=14)
"""How long settled ones stay, for people who ask what came."""
BUSY_SECONDS = 10.0
PAGE_BYTES = 8192
"""Twice what SQLite takes: most deliveries are longer than its page."""
MOST_PAGES = 8_000
"""Of the write-ahead log (64 MiB), after which whoever writes has to wait until it is emptied. `settle` empties it
before, in its own thread."""

TABLES = """
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    event TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (provider, key)
);
CREATE TABLE IF NOT EXISTS lost (provider TEXT NOT NULL, key TEXT NOT NULL, sent_at INTEGER NOT NULL,
    PRIMARY KEY (provider, key));
CREATE TABLE IF NOT EXISTS look (provider TEXT PRIMARY KEY, at INTEGER NOT NULL, good_at INTEGER,
    problem TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS listening (provider TEXT PRIMARY KEY, since INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settled (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL);
"""
KEEP = """
INSERT INTO delivery (provider, key, event, received_at, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (provider, key) DO NOTHING
"""
LOST = "INSERT OR IGNORE INTO lost VALUES (?, ?, ?)"
LOOKED = "INSERT OR REPLACE INTO look VALUES (?, ?, ?, ?)"
BEGAN = "INSERT OR IGNORE INTO listening VALUES (?, ?)"
LOOKS = "SELECT provider, at, good_at, problem, since FROM look LEFT JOIN listening USING (provider)"
COLUMNS = (
    "provider, key, event, received_at, (SELECT min(at) FROM settled WHERE settled.seq >= delivery.seq), "
    "(SELECT sent_at FROM lost WHERE lost.provider = delivery.provider AND lost.key = delivery.key)"
)
RECENT = f"SELECT {COLUMNS}, x'' FROM delivery ORDER BY seq DESC LIMIT ?"  # noqa: S608 - our own words
ONE = f"SELECT {COLUMNS}, body FROM delivery WHERE provider = ? AND key = ?"  # noqa: S608
LARGEST_HINT = 65_536
WAITING = f"""
SELECT {COLUMNS}, CASE WHEN length(body) <= {LARGEST_HINT} THEN body ELSE x'' END
FROM delivery, (SELECT coalesce(max(seq), 0) AS mark FROM settled)
WHERE seq > mark AND provider = ? ORDER BY seq LIMIT ?
"""  # noqa: S608
LAGS = """
SELECT provider, max(received_at), sum(seq > mark), min(CASE WHEN seq > mark THEN received_at END)
FROM delivery, (SELECT coalesce(max(seq), 0) AS mark FROM settled) GROUP BY provider
"""
FORGET_LOST = "DELETE FROM lost WHERE sent_at < ?"
FORGET = "DELETE FROM delivery WHERE seq <= (SELECT max(seq) FROM settled WHERE at < ?)"


class SqliteInbox:
    """Implements `ports.inbox.Inbox`. Times are microseconds since 1970."""

    def __init__(self, file: Path) -> None:
        file.touch(mode=0o600)  # bodies may tell of private repositories
        self._file = file
        self._lock = Lock()
        self._writer = self._open()
        self._writer.executescript(TABLES)

    def keep(self, deliveries: Sequence[Delivery]) -> None:
        rows = [(one.provider, one.key, one.event, _micros(one.received_at), one.body) for one in deliveries]
        with self._writing() as writer:
            writer.executemany(KEEP, rows)

    def keep_lost(self, deliveries: Sequence[Delivery]) -> None:
        with self._writing() as writer:
            for one in deliveries:
                writer.execute(KEEP, (one.provider, one.key, one.event, _micros(one.received_at), one.body))
                if writer.rowcount and one.sent_at:  # else it has come meanwhile
                    writer.execute(LOST, (one.provider, one.key, _micros(one.sent_at)))

    def looked(self, look: Look) -> None:
        good = _micros(look.good_at) if look.good_at else None
        with self._writing() as writer:
            writer.execute(BEGAN, (look.provider, _micros(look.at)))
            writer.execute(LOOKED, (look.provider, _micros(look.at), good, look.problem))

    def looks(self) -> list[Look]:
        with closing(self._open()) as reader:
            return [
                Look(
                    provider,
                    _moment(at),
                    _moment(good) if good else None,
                    problem,
                    _moment(since) if since else None,
                )
                for provider, at, good, problem, since in reader.execute(LOOKS)
            ]

    def newest(self) -> int:
        with closing(self._open()) as reader:
            return int(reader.execute("SELECT coalesce(max(seq), 0) FROM delivery").fetchone()[0])

    def settle(self, up_to: int, at: datetime) -> None:
        with self._writing() as writer:
            writer.execute("INSERT OR IGNORE INTO settled VALUES (?, ?)", (up_to, _micros(at)))
            writer.execute(FORGET, (_micros(at - KEPT_FOR),))
            writer.execute(FORGET_LOST, (_micros(at - KEPT_FOR),))
        with closing(self._open()) as reader:
            reader.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def waiting(self, providers: Collection[str], most: int = 500) -> list[Delivery]:
        return [one for provider in providers for one in self._read(WAITING, provider, most)]

    def lags(self) -> list[Lag]:
        with closing(self._open()) as reader:
            lost = dict(reader.execute("SELECT provider, count(*) FROM lost GROUP BY provider"))
            return [
                Lag(provider, _moment(last), waiting, _moment(since) if since else None, lost.get(provider, 0))
                for provider, last, waiting, since in reader.execute(LAGS)
            ]

    def recent(self, limit: int = 50) -> list[Delivery]:
        return self._read(RECENT, limit)

    def get(self, provider: str, key: str) -> Delivery | None:
        return next(iter(self._read(ONE, provider, key)), None)

    def close(self) -> None:
        self._writer.close()

    def _open(self) -> sqlite3.Connection:
        opened = sqlite3.connect(self._file, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        opened.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file that is yet to be made
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute(f"PRAGMA wal_autocheckpoint = {MOST_PAGES}")
        return opened

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        try:
            with self._lock:
                cursor = self._writer.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                try:
                    yield cursor
                    cursor.execute("COMMIT")
                except BaseException:  # also an interrupt: nobody else could write
                    if self._writer.in_transaction:
                        cursor.execute("ROLLBACK")
                    raise
        except sqlite3.OperationalError as error:
            raise Unavailable("The inbox of webhooks can not be written: nothing was kept.", str(error)) from error

    def _read(self, query: str, *values: object) -> list[Delivery]:
        with closing(self._open()) as reader:
            return [
                Delivery(
                    provider,
                    key,
                    event,
                    _moment(received),
                    body,
                    _moment(settled) if settled else None,
                    _moment(sent) if sent else None,
                )
                for provider, key, event, received, settled, sent, body in reader.execute(query, values)
            ]


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
