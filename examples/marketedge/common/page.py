"""One look for every page of the product: a header, what the page shows, and a footer that says what is running."""

from collections.abc import Iterable
from html import escape

from common.running import Running

STYLE = """
:root { --ink: #1d2433; --soft: #667085; --line: #e4e7ec; --paper: #fff; --back: #f5f6f8; --accent: #1f6f5c }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2b3342; --paper: #171c26; --back: #10141b; --accent: #5cc2a6 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
header, main, footer { max-width: 56rem; margin: 0 auto; padding: 1rem 1.25rem }
header { display: flex; align-items: baseline; justify-content: space-between; padding-top: 2rem }
header strong { color: var(--accent); letter-spacing: .02em }
h1 { font-size: 1.5rem; margin: 0 0 1rem }
section { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: 1.25rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem .4rem; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 }
th { color: var(--soft); font-weight: 500; font-size: .85rem }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
a, button { color: var(--accent); font: inherit }
button { background: none; border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .8rem; cursor: pointer }
footer { color: var(--soft); font-size: .85rem }
"""


def page(title: str, body: str, running: Running, corner: str = "") -> str:
    """A whole page. `title` is text; `body` and `corner` are markup."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · MarketEdge</title>
<style>{STYLE}</style>
</head>
<body>
<header><strong>MarketEdge</strong>{corner}</header>
<main><section><h1>{escape(title)}</h1>{body}</section></main>
<footer>{escape(_what_runs(running))}</footer>
</body>
</html>
"""


def table(columns: Iterable[str], rows: Iterable[Iterable[object]], numbers: frozenset[str] = frozenset()) -> str:
    """A table as markup; the columns named in `numbers` are set to the right."""
    classes = [(name, ' class="number"' if name in numbers else "") for name in columns]
    head = "".join(f"<th{css}>{escape(name)}</th>" for name, css in classes)
    lines = (
        "".join(f"<td{css}>{escape(str(value))}</td>" for value, (_, css) in zip(row, classes, strict=True))
        for row in rows
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _what_runs(running: Running) -> str:
    return " · ".join(part for part in (running.release, running.environment, running.revision[:12]) if part)
