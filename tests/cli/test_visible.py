"""Text of others on a terminal: what a reviewer reads is what is there."""

import pytest

from staging_gate.cli.visible import escape, visible, visible_log


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é ✓ 日本\tand\nlines\r\n", "plain é ✓ 日本\tand\nlines\r\n"),
        ("+ good()\r+ evil()", "+ good()<U+000D>+ evil()"),
        ("\x1b[2J\x1b]0;title\x07", "<U+001B>[2J<U+001B>]0;title<U+0007>"),
        ("\x9b2J", "<U+009B>2J"),
        ("if admin\u202e\u2066:", "if admin<U+202E><U+2066>:"),
    ],
)
def test_nothing_hides_from_a_reviewer(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_logs_keep_their_colours_and_nothing_else() -> None:
    assert visible_log("\x1b[31mred\x1b[0m \x1b[2J\x1b]52;c;ZXZpbA==\x07") == (
        "\x1b[31mred\x1b[0m <U+001B>[2J<U+001B>]52;c;ZXZpbA==\x07"
    )


def test_markup_of_others_is_text() -> None:
    assert escape("[red]\x1b[0m") == "\\[red]<U+001B>[0m"
