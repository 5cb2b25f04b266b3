"""Text of others on a terminal: nothing in it is obeyed, nothing hides."""

import re

from rich.markup import escape as escape_markup

# Control characters but tab and end of line, and those that turn the direction of what is shown.
_HIDING = re.compile("(?!\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_COLOUR = re.compile(r"\x1b(?!\[[0-9;]*m)")


def visible(text: str) -> str:
    """What a reviewer has to see: each character that would not be, as its number."""
    return _HIDING.sub(_number, text)


def visible_log(text: str) -> str:
    """Colours stay; what moves the cursor, sets a title or fills the clipboard is shown instead."""
    return _NO_COLOUR.sub(_number, text)


def escape(text: str) -> str:
    """For Rich: no markup, and nothing that hides."""
    return escape_markup(visible(text))


def _number(found: re.Match[str]) -> str:
    return f"<U+{ord(found[0]):04X}>"
