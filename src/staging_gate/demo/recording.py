"""Makes the README's picture from a real run: `./gate demo | python -m staging_gate.demo.recording docs/demo.svg`."""

import re
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

WIDTH = 108
STEP = re.compile(r"(?P<verdict>ok|NO)\s+(?P<number>\d+)\s+(?P<what>.+?)\s+\((?P<seconds>[\d.]+) s\)")
OBSERVED = "observed: "


def picture(lines: Iterable[str]) -> str:
    """The run as SVG text: chapters, steps with what was observed, figures. No fonts are fetched."""
    console = Console(record=True, width=WIDTH, file=open("/dev/null", "w"))  # noqa: SIM115 - it has nothing to close for
    for line in _told(lines):
        console.print(line, overflow="ellipsis", no_wrap=True)
    svg = console.export_svg(title="./gate demo", theme=DIMMED_MONOKAI)
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def _told(lines: Iterable[str]) -> Iterator[Text]:
    begun = False
    for line in lines:
        text = line.rstrip()
        begun = begun or text.startswith("Procedure")  # what comes before has addresses and a token
        if not begun:
            continue
        if step := STEP.match(text):
            mark = ("✓", "green") if step["verdict"] == "ok" else ("✗", "red")
            yield Text.assemble(
                mark, f" {step['number']:>2}  ", (step["what"], "bold"), (f"  {step['seconds']} s", "dim")
            )
        elif OBSERVED in text:
            yield Text("      " + text.split(OBSERVED, 1)[1], "dim")
        elif text and not text.startswith(" "):
            yield Text(text, "cyan" if text.startswith(("Procedure", "The record")) else "")


if __name__ == "__main__":
    with open(sys.argv[1], "w") as file:
        file.write(picture(sys.stdin))
