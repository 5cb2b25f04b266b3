"""What exists is documented: settings, procedures, adapters, decisions."""

import re
from pathlib import Path

from staging_gate.bootstrap import procedures
from staging_gate.engine.procedures import find, names

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INTERNAL = {"GATE_HOOK_SOCKET"}  # set by us for the hook of one push


def test_every_setting_has_its_line() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/staging_gate").rglob("*.py"))
    page = (DOCS / "reference/settings.md").read_text()
    missing = sorted({name for name in re.findall(r'"(GATE_[A-Z_]+)"', source) if f"`{name}`" not in page} - INTERNAL)
    assert not missing


def test_every_procedure_has_its_page() -> None:
    ours = {module.__name__ for module in procedures.ALL}
    known = [found for name in names() if (found := find(name)) and found.body.__module__ in ours]
    assert len(known) == len(ours)
    pages = "".join(path.read_text() for path in (DOCS / "runbook").glob("*.md"))
    assert [found.name for found in known if f"**{found.name}**" not in pages] == []


def test_every_adapter_has_its_page() -> None:
    folders = {path.parent.name for path in (ROOT / "src/staging_gate/adapters").glob("*/__init__.py")} - {"clock"}
    # Of `schema`: another tool, and what its tests find; of all: what their tests read.
    more = {"command", "schema-corpus", "recordings"}
    assert folders | more == {path.stem for path in (DOCS / "adapters").glob("*.md")}


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_link_between_documents_is_broken() -> None:
    broken = []
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert not broken
