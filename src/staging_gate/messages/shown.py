"""What could not be shown at the code host."""

from collections.abc import Sequence

from staging_gate.domain.report import Told

MOST_NAMED = 3


def late(told: Told) -> str:
    since = f" since {told.failing_since:%Y-%m-%d %H:%M} UTC" if told.failing_since else ""
    return f"{told.subject} is not shown at the code host{since}: {told.problem}"


def summed_up(failing: Sequence[Told], lacking: Sequence[str]) -> str:
    """The longest first; the others of the same kind of trouble are counted."""
    more = len(failing) - MOST_NAMED
    said = [late(told) for told in failing[:MOST_NAMED]] + ([f"So are {more} more."] if more > 0 else []) + [*lacking]
    return " ".join(said) or "what is decided and done is shown at the code host"


def what_to_do() -> str:
    return "It is told by itself as soon as that is mended. docs/adapters/github.md lists the rights that it needs."
