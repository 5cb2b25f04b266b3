"""A small policy for tests, and editing it."""

SMALL = """\
product: shop
services:
  api:
    run: serve --port $PORT
    smoke: {command: smoke $URL}
    environ:
      MODE: fast
    targets:
      staging:
        local: {port: 8001}
      production:
        local: {port: 8000}
checks:
  unit: {command: pytest -q, within: 5m}
flow:
  staging: {branch: staging, checks: [unit], approvals: {review: 1}}
  production:
    branch: main
    from: staging
    requires: [verified_in_staging]
    approvals: {tech_lead: 1}
    smoke: [login]
people:
  ada: ada@shop.example
  tess: tess@shop.example
roles:
  tech_lead: [tess]
"""


def edited(*edits: tuple[str, str], text: str = SMALL) -> str:
    """The text with each `(old, new)` done once; `old` has to be there, once."""
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text
