"""Captured output, in memory."""

from collections import defaultdict


class MemoryLogs:
    """Implements `ports.logs.Logs`. `texts` has everything, by the name of the log."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = defaultdict(str)

    def append(self, ref: str, text: str) -> None:
        self.texts[ref] += text

    def read(self, ref: str, offset: int = 0, limit: int = 65_536) -> tuple[str, int]:
        block = self.texts.get(ref, "").encode()[offset : offset + limit]
        return block.decode(errors="ignore"), offset + len(block)

    def tail(self, ref: str, lines: int = 50) -> str:
        return "\n".join(self.texts.get(ref, "").splitlines()[-lines:])
