"""What is on the record, and what visitors of production have seen."""

import json
from pathlib import Path

from staging_gate.demo.telling import Chapter, Story, expect, step


@step("Dana verifies the record", "every entry follows from the one before it")
def verified(story: Story) -> str:
    report = story.people.dana.asks("audit", "verify")
    return expect(report["intact"], f"{report['entries']} entries, head {report['head'][:16]}")


@step("Somebody alters one byte of an exported copy", "`gate audit verify` finds the entry")
def altered(story: Story) -> str:
    dana, copy = story.people.dana, story.stage.folder / "record.jsonl"
    dana.does("audit", "export", "--output", str(copy))
    entry = _alter(copy)
    said = dana.tries("audit", "verify", str(copy))
    found = said.err.strip()
    return expect(said.code == 1 and f"at entry {entry}:" in found, found or f"it ended with {said.code}: {said.out}")


@step("Somebody has asked production all the time", "every request was answered completely with 200 within 10 s")
def served(story: Story) -> str:
    answers = story.client.stop()
    failed = [answer for answer in answers if answer.failed]
    kept = sum(answer.kept for answer in answers)
    first = f"; the first: {failed[0].path} {failed[0].failure}" if failed else ""
    said = f"{len(answers)} requests, {kept} on kept connections; {len(failed)} failed{first}"
    return expect(bool(answers) and not failed, said)


def _alter(copy: Path) -> int:
    """Change one byte, in the name of who acted in the middle of the record; the number of that entry."""
    content, mark = bytearray(copy.read_bytes()), b'"actor": "'
    place = content.index(mark, len(content) // 2) + len(mark)
    content[place] ^= 1
    copy.write_bytes(content)
    line = content[content.rindex(b"\n", 0, place) + 1 : content.index(b"\n", place)]
    return int(json.loads(line)["seq"])


CHAPTER = Chapter("The record", (verified, altered, served))
