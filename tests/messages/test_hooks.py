from datetime import UTC, datetime, timedelta

from staging_gate.domain.delivery import Lag
from staging_gate.messages.hooks import lag

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
