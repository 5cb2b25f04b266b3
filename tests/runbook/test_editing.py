"""Words of a release are edited until its tag is made, by one at a time."""

import pytest

from staging_gate.domain.release import ReleaseState
from staging_gate.runbook import changes, releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.editing import edit_release
from staging_gate.testing.world import World
from tests.runbook.stories import closed

NOTES = "## Features\n- charts of all prices\n\n## Bug Fixes\n- None\n\n## Breaking Changes\n- None\n"


def test_the_words_go_into_the_release_its_change_and_its_tag(released: World) -> None:
    world = released
    world.ship_to_staging("feat: charts")
    change = world.prepare_release("v1.1.0", merged=False)
    edited = edit_release(world.ports, "v1.1.0", world.person("ada"), "all  prices", NOTES)

    assert (edited.title, edited.notes) == ("Release v1.1.0 - all prices", NOTES)
    assert (world.look(change).title, world.look(change).description) == (edited.title, NOTES)
    assert ("ada", "release edited", "Release v1.1.0 - all prices") in world.record("v1.1.0")
    world.merge(change, "tess")
    world.publish("v1.1.0")
    message = world.code_host.tags()["v1.1.0"].message
    assert message.startswith(f"Release v1.1.0 - all prices\n\n{NOTES}")


def test_the_version_stays_in_front_of_a_title(merged: World) -> None:
    ada = merged.person("ada")

    assert edit_release(merged.ports, "v1.1.0", ada, "Release v1.1.0 - prices").title == "Release v1.1.0 - prices"
    assert edit_release(merged.ports, "v1.1.0", ada, "Release v9 - x").title == "Release v1.1.0 - Release v9 - x"


def test_words_void_no_approval(released: World) -> None:
    """Approvals are of code, migrations and rules."""
    released.ship_to_staging("feat: charts")
    change = released.prepare_release("v1.1.0", merged=False)
    edit_release(released.ports, "v1.1.0", released.person("ada"), notes=NOTES)

    assert released.explain(str(change.number), "tess").open


def test_who_saw_other_words_is_told(merged: World) -> None:
    seen = releasing.get(merged.ports, "v1.1.0").edition
    edit_release(merged.ports, "v1.1.0", merged.person("tess"), notes=NOTES, edition=seen)

    with pytest.raises(Unusable) as no:
        edit_release(merged.ports, "v1.1.0", merged.person("ada"), "prices", edition=seen)
    assert str(no.value) == (
        "Somebody else has edited v1.1.0 since you looked: read it again (`gate release show v1.1.0`), then edit."
    )


def test_the_same_words_again_change_nothing(merged: World) -> None:
    release = releasing.get(merged.ports, "v1.1.0")
    before = merged.record()
    edit_release(merged.ports, "v1.1.0", merged.person("ada"), release.title, release.notes)

    assert merged.record() == before


@pytest.mark.parametrize(
    ("words", "why"), [({"notes": " \n"}, "Notes are wanted, found nothing"), ({"title": " "}, "A title is wanted")]
)
def test_something_has_to_be_said(merged: World, words: dict[str, str], why: str) -> None:
    with pytest.raises(Unusable, match=why):
        edit_release(merged.ports, "v1.1.0", merged.person("ada"), **words)


def test_after_publishing_nothing_is_edited(released: World) -> None:
    assert closed(lambda: edit_release(released.ports, "v1.0.0", released.person("tess"), "x")) == (
        "release_not_editable",
    )


def test_while_it_is_published_it_is_neither_edited_nor_withdrawn(merged: World) -> None:
    """A tag of a release that went away meanwhile would be left."""
    told: list[object] = []

    def others() -> None:
        tess = merged.person("tess")
        told.append(closed(lambda: edit_release(merged.ports, "v1.1.0", tess, "x")))
        with pytest.raises(Unusable) as no:
            releasing.withdraw(merged.ports, "v1.1.0", tess)
        told.append(str(no.value))
        told.append(closed(lambda: releasing.publish(merged.ports, "v1.1.0", merged.person("dora"))))

    merged.away["code host"].just_before("create_tag", others)
    merged.publish("v1.1.0")

    assert told == [
        ("release_not_editable",),
        "tess is publishing v1.1.0 at this moment: it can not be taken back any more. "
        "To go back once it is out: `gate rollback`.",
        ("being_published",),
    ]
    assert releasing.get(merged.ports, "v1.1.0").state is ReleaseState.VERIFIED


def test_where_the_gate_closes_at_the_last_moment_it_can_be_edited_and_withdrawn_again(merged: World) -> None:
    ports = merged.ports
    merged.engine.stop()
    releasing.publish(ports, "v1.1.0", merged.person("tess"))
    merged.production.is_unreachable("Port 8100 is already used by nginx: free it.")
    merged.restart()
    merged.settle()

    release = releasing.get(ports, "v1.1.0")
    assert (release.state, release.published_by) == (ReleaseState.MERGED, None)
    assert "publishing given up" in [action for _, action, _ in merged.record("v1.1.0")]
    assert edit_release(ports, "v1.1.0", merged.person("ada"), "prices").title == "Release v1.1.0 - prices"
    assert releasing.withdraw(ports, "v1.1.0", merged.person("ada")).state is ReleaseState.WITHDRAWN
    assert "v1.1.0" not in merged.code_host.tags()


def test_a_closed_change_keeps_its_words(merged: World) -> None:
    change = changes.get(merged.ports, releasing.get(merged.ports, "v1.1.0").change or 0)
    edit_release(merged.ports, "v1.1.0", merged.person("ada"), "prices")

    assert merged.look(change) == change
