"""A hotfix by real people with real git: the command line, a server, processes behind the proxy."""

import json
from collections.abc import Iterator

import pytest

from staging_gate.testing import eventually
from tests.e2e.conftest import released
from tests.e2e.stories import DEPLOYMENT, Story, tell


@pytest.fixture
def story() -> Iterator[Story]:
    """v1.0.0 is in production; staging has a feature more, which nobody has released."""
    with released() as story:
        story.write_a_change()
        tell(story, DEPLOYMENT)
        yield story


def test_a_hotfix_goes_past_what_staging_holds_and_comes_back(story: Story) -> None:
    at = story.at
    begun = at.cli("hotfix", "start", "login", by="ada")
    assert begun.exit_code == 0, begun.output
    at.start_branch("fix", "hotfix/login")
    (at.tree / "login.txt").write_text("fixed\n")
    at.commit("fix: login")
    at.push("HEAD:refs/heads/hotfix/login")
    opened = at.cli("hotfix", "open", "login", "--reason", "nobody can log in", "--json", by="ada")
    assert opened.exit_code == 0, opened.output
    number = str(json.loads(opened.output)["change"]["number"])
    head = json.loads(opened.output)["change"]["head"]["commit"]
    refused = at.cli("change", "merge", number, by="ben")
    assert (refused.exit_code, "[approvals_missing]" in refused.stderr) == (3, True), refused.output

    assert at.cli("approve", number, "--as", "tech_lead", by="tess").exit_code == 0
    eventually(lambda: at.cli("explain", number, by="ben").exit_code == 0, within=30)
    assert story.revision_at("staging api") == head, "staging runs what is proved"
    merged = at.cli("change", "merge", number, by="ben")
    assert merged.exit_code == 0, merged.output
    assert "It is released as v1.0.1.\nproduction-2 brings it there" in merged.output
    story.settle()

    tags = story.record.code.tags()
    assert story.revision_at("production api") == story.revision_at("production web") == head == tags["v1.0.1"].commit
    assert story.record.code.file(head, "number.txt") == b"1\n", "the feature in staging stayed behind"
    assert story.revision_at("staging api") == story.record.code.branches()["staging"]

    back = str(story.open_one())
    assert "Bring v1.0.1 back" in at.cli("status", by="ben").output
    assert at.cli("approve", back, by="ben").exit_code == 0
    assert at.cli("change", "merge", back, by="ben").exit_code == 0
    story.settle()
    assert story.record.code.file("staging", "login.txt") == b"fixed\n"
    assert "Review why the hotfix was needed" in at.cli("followups", "--mine", by="tess").output
    story.record.assert_intact()
