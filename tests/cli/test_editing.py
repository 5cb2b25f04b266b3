"""`gate release edit` in an editor, from a file and with options."""

import json
import re
from pathlib import Path

from staging_gate.testing.serving import Served
from tests.cli.conftest import Run


def an_editor(folder: Path, old: str, new: str) -> str:
    """A program that replaces a text in the file that it is given."""
    script = folder / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        f"file.write_text(file.read_text().replace({old!r}, {new!r}))\n"
    )
    return f"python3 {script}"


def test_the_words_of_a_release(served: Served, run: Run, tmp_path: Path) -> None:
    served.commit("staging", {"index.html": "charts"}, "feat: charts")
    tag = json.loads(run("release", "open", "--json", by="tess").output)["tag"]

    edited = run("release", "edit", tag, by="tess", EDITOR=an_editor(tmp_path, "- charts", "- charts of all prices"))
    assert edited.exit_code == 0, edited.output
    assert f"Release {tag} - the first version and 2 more: " in edited.output
    assert "the new words are there" in edited.output
    assert "- charts of all prices" in run("release", "show", tag).output
    assert f"Nothing was changed in {tag}." in run("release", "edit", tag, by="tess", EDITOR="true").output

    notes = tmp_path / "notes.md"
    notes.write_text("## Features\n- all of it\n")
    done = run("release", "edit", tag, "--title", "prices", "--notes", str(notes), "--json", by="tess")
    assert json.loads(done.output)["title"] == f"Release {tag} - prices"
    assert json.loads(done.output)["notes"] == "## Features\n- all of it\n"

    refused = run("release", "edit", tag, "--title", "mine", by="ben")
    assert refused.exit_code == 3
    assert "ben may not edit" in refused.output

    unasked = run("release", "edit", tag, by="ben", EDITOR="false")
    assert unasked.exit_code == 3, "before the editor opens"
    assert "ben may not edit" in unasked.output

    emptied = run(
        "release", "edit", tag, by="tess", EDITOR=an_editor(tmp_path, "prices\n\n## Features\n- all of it", "x")
    )
    assert "Notes are wanted, found nothing" in emptied.output
    [kept] = re.findall(r"What you wrote is kept in (\S+)\.\n", emptied.output)
    assert Path(kept).read_text().strip() == f"Release {tag} - x"
    Path(kept).unlink()
    run("release", "withdraw", tag, by="tess")
