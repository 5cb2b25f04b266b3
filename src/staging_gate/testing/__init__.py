"""For tests, ours and other people's: the World with its fakes, its movable clock, and the only polling there is."""

from staging_gate.testing.polling import eventually

__all__ = ["eventually"]
