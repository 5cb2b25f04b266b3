from datetime import UTC, datetime, timedelta

from staging_gate.domain.delivery import Lag, Look
from staging_gate.messages.hooks import lag, mend

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_how_far_we_are_behind_a_provider() -> None:
    ago = NOW - timedelta(hours=3, minutes=20)
    assert lag(Lag("github", None), NOW) == "nothing has come yet"
    assert lag(Lag("github", ago), NOW) == "the last came 3 h ago, none waits"
    assert (
        lag(Lag("github", NOW, 1, NOW - timedelta(seconds=7)), NOW)
        == "the last came 0 s ago, 1 waits, the first for 7 s"
    )
    said = lag(Lag("github", NOW - timedelta(minutes=2), 5, NOW - timedelta(days=2)), NOW)
    assert said == "the last came 2 min ago, 5 wait, the first for 2 d"


def test_what_got_lost() -> None:
    def said(look: Look, lost: int = 0) -> str:
        return lag(Lag("github", None, lost=lost, look=look, looked_at=NOW - timedelta(seconds=8)), NOW)

    good = Look("github", NOW - timedelta(minutes=2), NOW - timedelta(minutes=2))
    bad = Look("github", NOW, NOW - timedelta(hours=2), "GitHub answered 502.")
    assert said(good) == "nothing has come yet; none got lost, asked 2 min ago; we looked by ourselves 8 s ago"
    assert "; 1 got lost and was found, asked" in said(good, 1)
    assert "; 2 got lost and were found, asked" in said(good, 2)
    assert "; what got lost is not known since 2 h: GitHub answered 502; we" in said(bad)
    assert mend(Lag("github", None, look=bad)).startswith("Nothing is missed meanwhile, only later")
    assert mend(Lag("github", None)) == "What they hint at could not be looked at: the server's log says why."
