"""Approvals: of this code, these migrations and these rules, by different people, for some days; asked for once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change
from staging_gate.ports.store import Stale
from staging_gate.queries import changes as views
from staging_gate.queries.board import board
from staging_gate.runbook import approving, changes, releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.migrations import migration_set
from staging_gate.runbook.policy import policy_in_force
from staging_gate.testing.policies import ROLES, gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed

INI = "[alembic]\nscript_location = db\n"
FIRST = {"alembic.ini": INI, "db/versions/1.py": "first\n"}


def merge(world: World, change: Change, by: str = "ben") -> tuple[str, ...]:
    return closed(lambda: world.merge(change, by))


# --- what it is bound to -----------------------------------------------------------------------------------------


def test_a_migration_that_comes_from_the_base_voids_it(world: World) -> None:
    """The order of migrations is part of what was looked at; other files from there are not."""
    world.ship_to_staging("feat: database", FIRST)
    change = world.change("feat: markets", {"db/versions/2.py": "second\n"})
    world.approve(change)
    world.ship_to_staging("feat: light mode")
    assert world.explain(str(change.number), "ben").open

    world.ship_to_staging("feat: prices", {"db/versions/3.py": "third\n"})

    assert merge(world, change) == ("approvals_missing",)
    [reason] = world.explain(str(change.number), "ben").reasons
    assert reason.evidence == (
        "ben as review: does not count, given before other migrations came from the branch it goes to",
    )
    world.approve(change)
    assert world.merge(change).state == "merged"


def test_migrations_are_found_where_alembic_looks_for_them(world: World) -> None:
    def named(files: dict[str, str]) -> str:
        commit = world.repository.commit(world.revision("main").commit, files, "x", "root", world.clock.now())
        return migration_set(world.ports, policy_in_force(world.ports), commit)

    first = named(FIRST)
    assert first and named({**FIRST, "README.md": "other\n"}) == first
    assert named({**FIRST, "db/versions/2.py": "second\n"}) != first
    assert named({**FIRST, "alembic.ini": "[alembic]\nscript_location = %(here)s/db\n"}) == first
    for without in (
        "",
        "no ini at all",
        "[alembic]\n",
        "[alembic]\nscript_location = ../db\n",
        "[alembic]\nscript_location = .\n",
    ):
        assert named({**FIRST, "alembic.ini": without}) == ""
    assert named({"README.md": "none\n"}) == ""


def test_migrations_of_another_tool_are_in_its_folder(made: Callable[..., World]) -> None:
    def named(world: World, files: dict[str, str]) -> str:
        commit = world.repository.commit(world.revision("main").commit, files, "x", "root", world.clock.now())
        return migration_set(world.ports, policy_in_force(world.ports), commit)

    tool = "commands: {current: at, upgrade: up, downgrade: down $REVISION}"
    world = made(gate_yaml().replace("alembic: alembic.ini", f"{tool}\n      files: db"))
    first = named(world, {"db/1.sql": "one\n"})
    assert first and named(world, {"db/1.sql": "one\n", "README.md": "x\n"}) == first
    assert named(world, {"db/1.sql": "other\n"}) != first


def test_without_a_folder_all_of_the_tree_may_be_migrations(made: Callable[..., World]) -> None:
    tool = "commands: {current: at, upgrade: up, downgrade: down $REVISION}"
    world = made(gate_yaml().replace("alembic: alembic.ini", tool))
    main = world.revision("main").commit

    def named(files: dict[str, str]) -> str:
        commit = world.repository.commit(main, files, "x", "root", world.clock.now())
        return migration_set(world.ports, policy_in_force(world.ports), commit)

    assert named({"README.md": "x\n"}) != named({"README.md": "y\n"}) != ""


def test_it_expires_and_is_given_again(made: Callable[..., World]) -> None:
    world = made(gate_yaml(staging={"approvals_expire": "24h"}))
    change = world.change()
    world.approve(change)
    world.advance(hours=24)

    assert merge(world, change) == ("approvals_missing",)
    [reason] = world.explain(str(change.number), "ben").reasons
    assert reason.evidence == (f"ben as review: does not count, expired {world.clock.now():%a %Y-%m-%d %H:%M} UTC",)

    world.approve(change)
    assert world.merge(change).state == "merged"


def test_that_of_one_release_does_not_count_for_the_next(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0", merged=False)
    releasing.withdraw(world.ports, "v1.1.0", world.person("ada"))

    releasing.open_release(world.ports, world.person("ada"), "v1.2.0")
    world.settle()

    with world.store.reading() as tx:
        change = tx.changes.of_release("v1.2.0")
    assert change and merge(world, change, "tess") == ("approvals_missing",)


# --- who ---------------------------------------------------------------------------------------------------------


def test_one_person_with_two_roles_counts_once(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={**ROLES, "stakeholder": ["stan", "tess"]}))
    world.ship_to_staging()
    change = world.prepare_release("v1.0.0", merged=False)
    changes.withdraw_approval(world.ports, change.number, world.person("stan"))
    world.approve(change, "tess", "stakeholder")

    assert merge(world, change, "tess") == ("approvals_missing",)
    [reason] = world.explain(str(change.number), "tess").reasons
    assert reason.opens_when == f"As stakeholder: stan (`gate approve {change.number} --as stakeholder`)."
    assert "tess as stakeholder: does not count, tess counts as tech_lead already" in reason.evidence


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"people": ("ada", "ben", "cleo", "tess", "stan", "dora", "eve")}, "gate.yaml: people"),
        ({"roles": {**ROLES, "tech_lead": ["tess", "ada"]}}, "gate.yaml: roles"),
        ({"checks": ("zebra-smoke",)}, "gate.yaml: checks"),
        ({"production": {"requires": []}}, "gate.yaml: flow"),
        ({"staging": {"approvals": {}}}, "gate.yaml: flow"),
    ],
)
def test_who_changes_the_rules_needs_a_tech_lead(world: World, over: dict[str, Any], said: str) -> None:
    change = world.change("feat: easier", {"gate.yaml": gate_yaml(**over)})
    world.approve(change)

    assert merge(world, change) == ("changes_its_own_proof", "approvals_missing")
    assert said in world.explain(str(change.number), "ben").reasons[0].evidence
    world.approve(change, "tess", "tech_lead")
    assert world.merge(change).state == "merged"


def test_other_words_in_gate_yaml_are_no_other_rules(world: World) -> None:
    change = world.change("docs: say more", {"gate.yaml": "# more\n" + gate_yaml()})
    world.approve(change)

    assert world.merge(change).state == "merged"


# --- withdrawn ---------------------------------------------------------------------------------------------------


def test_it_is_withdrawn_until_the_merge(world: World) -> None:
    change = world.change()
    world.approve(change)
    assert changes.withdraw_approval(world.ports, change.number, world.person("ben")) == 1
    assert changes.withdraw_approval(world.ports, change.number, world.person("ben")) == 0
    assert merge(world, change) == ("approvals_missing",)
    world.approve(change)
    world.merge(change)

    with pytest.raises(Unusable) as no:
        changes.withdraw_approval(world.ports, change.number, world.person("ben"))
    assert str(no.value) == "Change 1 is merged: its approvals have done their part. Open a new change."


def test_approving_and_withdrawing_at_once_leaves_one_or_none(world: World) -> None:
    change, ben = world.change(), world.person("ben")
    world.approve(change)

    at_once(
        lambda: changes.withdraw_approval(world.ports, change.number, ben),
        lambda: changes.withdraw_approval(world.ports, change.number, ben),
    )

    assert actions(world, "change 1").count("approval withdrawn") == 1
    assert merge(world, change) == ("approvals_missing",)


def test_two_who_approve_at_once_both_count(made: Callable[..., World]) -> None:
    world = made(gate_yaml(staging={"approvals": {"review": 2}}))
    change = world.change()

    at_once(lambda: world.approve(change, "ben"), lambda: world.approve(change, "cleo"))

    assert world.merge(change).state == "merged"


# --- asked for ---------------------------------------------------------------------------------------------------


def test_people_are_asked_once_and_everybody_sees_whom_it_waits_for(world: World) -> None:
    change, ada = world.change(), world.person("ada")
    assert waits(world) == ["waits for 1 more as review: ben, cleo, tess, stan, dora"]

    approving.ask(world.ports, change.number, ["ben", "cleo"], ada)
    approving.ask(world.ports, change.number, ["cleo"], ada)

    assert waits(world) == ["waits for 1 more as review: ben (asked), cleo (asked)"]
    assert views.view(world.ports, change.number, ada).waits == tuple(waits(world))
    assert actions(world, "change 1").count("asked to look at it") == 1
    world.approve(change)
    assert waits(world) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zoe", "gate.yaml does not name 'zoe' among its people: ada, ben, cleo, tess, stan, dora."),
        ("ada", "ada can not be asked about change 1: the approval of whoever wrote it never counts."),
    ],
)
def test_who_can_be_asked(world: World, name: str, said: str) -> None:
    change = world.change()

    with pytest.raises(Unusable) as no:
        approving.ask(world.ports, change.number, [name], world.person("ada"))
    assert str(no.value) == said


def test_nobody_is_asked_about_what_is_merged(world: World) -> None:
    change = world.ship_to_staging()

    with pytest.raises(Unusable, match="Change 1 is merged: nobody has to look at it any more."):
        approving.ask(world.ports, change.number, ["cleo"], world.person("ada"))


# --- what staging runs -------------------------------------------------------------------------------------------


def test_a_yes_to_what_staging_runs_counts_for_its_release(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    say_yes(world)
    assert board(world.ports).places[0].approved == ("stan approved it as stakeholder",)
    change = open_release(world, "v1.1.0")

    assert who_counts(world, change) == {"stan"}
    world.approve(change, "tess", "tech_lead")
    assert world.merge(change, "tess").state == "merged"


def test_a_yes_to_what_staging_ran_before_does_not(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    say_yes(world)
    world.ship_to_staging("feat: three")
    change = open_release(world, "v1.1.0")
    world.approve(change, "tess", "tech_lead")

    assert board(world.ports).places[0].approved == ()
    assert merge(world, change, "tess") == ("approvals_missing",)


def test_a_yes_to_staging_is_withdrawn(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    say_yes(world)
    assert approving.withdraw_from_staging(world.ports, world.person("stan")) == 1

    change = open_release(world, "v1.1.0")
    world.approve(change, "tess", "tech_lead")
    assert merge(world, change, "tess") == ("approvals_missing",)


def test_staging_is_approved_in_a_role_that_one_has_and_as_it_was_looked_at(released: World) -> None:
    world = released
    seen = world.ship_to_staging("feat: two").merged
    assert closed(lambda: say_yes(world, "ben")) == ("not_in_role",)
    world.ship_to_staging("feat: three")

    with pytest.raises(Unusable, match=r"Staging runs \w{10} now, not \w{10}: look at it again, then approve."):
        approving.approve_staging(
            world.ports, "stakeholder", world.person("stan"), looked_at=seen.commit if seen else None
        )


def test_what_staging_has_not_proved_is_not_approved(world: World) -> None:
    with pytest.raises(Unusable, match="There is nothing in staging that can be approved: nothing was deployed there"):
        say_yes(world)


# --- what stories need -------------------------------------------------------------------------------------------


def waits(world: World) -> list[str]:
    [one] = board(world.ports).changes
    return list(one.waits)


def say_yes(world: World, by: str = "stan") -> Approval:
    return approving.approve_staging(world.ports, "stakeholder", world.person(by))


def open_release(world: World, tag: str) -> Change:
    releasing.open_release(world.ports, world.person("ada"), tag)
    world.settle()
    with world.store.reading() as tx:
        change = tx.changes.of_release(tag)
    assert change
    return change


def who_counts(world: World, change: Change) -> set[str]:
    """Whose approvals count."""
    shown = views.view(world.ports, change.number, world.person("ada")).approvals
    return {one.approval.by for one in shown if one.counts}


def at_once(*acts: Callable[[], Any]) -> None:
    ready = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> None:
        ready.wait()
        try:
            one()
        except Stale:
            return

    with ThreadPoolExecutor(len(acts)) as threads:
        list(threads.map(act, acts))
