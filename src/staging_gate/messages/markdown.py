"""What people wrote, shown in Markdown as they wrote it: it formats nothing and calls nobody."""

import re

LONGEST = 65_535
"""What code hosts take of one text; more is refused as a whole."""

_COMMAND = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~!]|@(?=\w)")


def plain(text: str) -> str:
    """One line in which only `commands` are formatted, and nothing inside of them."""
    parts = _COMMAND.split(" ".join(text.split()))
    return "".join(part if _COMMAND.fullmatch(part) else _SPECIAL.sub(_escaped, part) for part in parts)


def cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0] if found[0] != "@" else "@\u200b"
