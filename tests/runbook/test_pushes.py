"""What git is told: who may push what, and what a push sets off."""

from collections.abc import Callable

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.ports.pushes import RefUpdate
from staging_gate.runbook import changes, pushes, releasing
from staging_gate.runbook.holding import lift_quarantine, put_in_quarantine
from staging_gate.runbook.reconcile import catch_up
from staging_gate.testing.world import PushRefused, World

PRODUCTION = Environment.PRODUCTION


def refused(world: World, *updates: RefUpdate, by: str = "ada") -> list[str]:
    return pushes.judge(world.ports, world.person(by), updates)


@pytest.mark.parametrize("branch", ["main", "staging"])
@pytest.mark.parametrize("by", ["ada", "tess", "root"])
def test_nobody_pushes_to_what_environments_follow(world: World, branch: str, by: str) -> None:
    with pytest.raises(PushRefused) as no:
        world.push(branch, {"evil.py": "evil\n"}, by=by)

    assert no.value.lines == [
        f"{branch} is protected: nobody pushes to it directly.",
        "Push your commits to a branch of your own and open a change:",
        "    git push origin HEAD:feature/my-feature",
        "    gate change open feature/my-feature --to staging",
    ]
    assert world.code_host.file(branch, "evil.py") is None


@pytest.mark.parametrize("branch", ["main", "staging"])
def test_nobody_deletes_what_environments_follow(world: World, branch: str) -> None:
    update = RefUpdate(f"refs/heads/{branch}", "1" * 40, None)

    assert refused(world, update, by="root") == [f"{branch} is protected: it can not be deleted."]


def test_other_branches_are_free(world: World) -> None:
    old, new = "1" * 40, "2" * 40

    assert refused(world, RefUpdate("refs/heads/feature/x", None, new, "commit", new)) == []
    assert refused(world, RefUpdate("refs/heads/hotfix/x", old, new, "commit", new)) == []
    assert refused(world, RefUpdate("refs/heads/feature/x", old, None)) == []
    assert refused(world, RefUpdate("refs/tags/nightly", None, new, "commit", new)) == []


@pytest.mark.parametrize("tag", ["main", "staging"])
def test_no_tag_stands_where_a_branch_is_looked_for(made: Callable[..., World], tag: str) -> None:
    """Before there is a main, its rules would be the tag's."""
    update = RefUpdate(f"refs/tags/{tag}", None, "2" * 40, "tag", "2" * 40)

    assert refused(made(policy=None), update, by="ada") == [
        f"{tag} is the name of a protected branch: a tag of that name would be taken for it. Choose another name."
    ]


@pytest.mark.parametrize("actor", [Actor("vera", roles=frozenset({"viewer"})), Actor("eve")])
def test_who_only_looks_on_pushes_nothing(world: World, actor: Actor) -> None:
    update = RefUpdate("refs/heads/feature/x", None, "2" * 40, "commit", "2" * 40)

    assert pushes.judge(world.ports, actor, [update]) == [
        f"{actor.name} may read this repository, but not push to it:",
        f"gate.yaml has to name {actor.name} under `people:`, and not as a viewer.",
    ]


def test_refs_of_our_own_are_not_pushed(world: World) -> None:
    update = RefUpdate("refs/gate/trial/x", None, "2" * 40, "commit", "2" * 40)

    assert refused(world, update) == ["refs/gate/trial/x belongs to the gate and can not be pushed."]


def test_one_refused_ref_refuses_the_push_and_each_is_explained(world: World) -> None:
    new = "2" * 40
    said = refused(
        world,
        RefUpdate("refs/heads/feature/x", None, new, "commit", new),
        RefUpdate("refs/heads/main", "1" * 40, new, "commit", new),
        RefUpdate("refs/tags/v9.0.0", None, new, "tag", new),
    )

    assert said[0] == "main is protected: nobody pushes to it directly."
    assert "v9.0.0 is a release tag: it is not pushed by hand, and never moved or deleted." in said


def test_before_there_is_anything_an_administrator_imports(world: World) -> None:
    first = RefUpdate("refs/heads/main", None, "2" * 40, "commit", "2" * 40)

    assert refused(world, first, by="root") == []
    assert refused(world, first, by="ada") == [
        "The first push of main is the import of the repository: an administrator does it."
    ]


def test_a_push_to_a_change_is_looked_at_at_once(world: World) -> None:
    change = world.change(branch="feature/x")
    pushed = world.push("feature/x", {"more.py": "more\n"}, by="ben")
    world.settle()
    now = world.look(change)

    assert now.head == pushed
    assert now.last_pusher == "ben"
    assert ("ben", "head moved", "") in world.record("change 1")
    assert world.checks.ran[-1][0] == now.mergeable_tree()


# --- release and rollback tags -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["ada", "tess", "root"])
def test_release_tags_are_made_by_publishing_only(released: World, by: str) -> None:
    with pytest.raises(PushRefused) as no:
        released.push_tag("v2.0.0", by=by)

    assert no.value.lines[0] == "v2.0.0 is a release tag: it is not pushed by hand, and never moved or deleted."
    assert "    gate release publish v2.0.0" in no.value.lines
    assert "v2.0.0" not in released.code_host.tags()


def test_a_rollback_tag_orders_a_rollback(two: World) -> None:
    two.push_tag("v1.0.0-rollback", at="v1.0.0", by="dora", message="Rollback to v1.0.0 due to wrong prices")
    two.settle()

    rollback = two.deployments(PRODUCTION)[-1]
    assert rollback.state is DeploymentState.SUCCEEDED
    assert (rollback.release, rollback.requested_by) == ("v1.0.0", "dora")
    assert rollback.why == "rollback to v1.0.0: Rollback to v1.0.0 due to wrong prices (tag v1.0.0-rollback)"
    assert two.production.live() == "v1.0.0"


def test_whatever_commit_it_points_at_the_release_is_deployed_and_the_difference_is_on_the_record(two: World) -> None:
    other = two.revision("v1.1.0").commit
    two.push_tag("v1.0.0-rollback", at="v1.1.0", by="dora")
    two.settle()

    rollback = two.deployments(PRODUCTION)[-1]
    assert rollback.revision == two.revision("v1.0.0")
    assert rollback.why == (
        f"rollback to v1.0.0: because (tag v1.0.0-rollback, at {other[:10]} and not at the release)"
    )
    with two.store.reading() as tx:
        accepted, entry = tx.audit_log.about("v1.0.0-rollback")
    assert accepted.action == "rollback tag accepted"
    assert entry.action == "rollback tag pushed"
    assert dict(entry.data) == {"points_at": other, "release_at": two.revision("v1.0.0").commit, "same": False}


def test_killed_before_we_heard_of_it_a_rollback_tag_is_carried_out_by_looking(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(pushes, "received", lambda *_: None)
        two.push_tag("v1.0.0-rollback", at="v1.0.0", by="dora")
    assert len(two.deployments(PRODUCTION)) == 2

    catch_up(two.ports)
    catch_up(two.ports)
    two.settle()

    assert [(one.release, one.requested_by) for one in two.deployments(PRODUCTION)[2:]] == [("v1.0.0", "dora")]
    assert two.production.live() == "v1.0.0"


def test_the_next_rollback_counts_on(two: World) -> None:
    two.push_tag("v1.0.0-rollback", at="v1.0.0")
    two.settle()
    with pytest.raises(PushRefused) as no:
        two.push_tag("v1.0.0-rollback", at="v1.0.0")

    assert no.value.lines[0] == "v1.0.0-rollback exists already: a rollback tag is an order and is given once."

    lift_quarantine(two.ports, "v1.1.0", "it was the provider", two.person("dora"))
    for tag in ("v1.1.0-rollback.2", "v1.0.0-rollback.2", "v1.1.0-rollback.10"):
        two.push_tag(tag, at=tag.partition("-")[0])
        two.settle()
        bad = {"v1.0.0": "v1.1.0", "v1.1.0": "v1.0.0"}[tag.partition("-")[0]]
        lift_quarantine(two.ports, bad, "it was the provider", two.person("dora"))

    assert [d.release for d in two.deployments(PRODUCTION)[2:]] == ["v1.0.0", "v1.1.0", "v1.0.0", "v1.1.0"]
    assert two.ports.code_host.tags().keys() >= {"v1.0.0-rollback", "v1.0.0-rollback.2", "v1.1.0-rollback.10"}


def test_rollback_tags_do_not_count_as_releases(two: World) -> None:
    """By the rules of semantic versions v1.1.0-rollback comes before v1.1.0 and after v1.0.0."""
    two.push_tag("v1.0.0-rollback.2", at="v1.0.0")
    two.settle()
    two.ship_to_staging("fix: prices")

    planned = releasing.plan(two.ports)
    assert (planned.last, planned.tag) == ("v1.1.0", "v1.2.0")


def test_who_has_not_the_right_orders_nothing(two: World) -> None:
    with pytest.raises(PushRefused) as no:
        two.push_tag("v1.0.0-rollback", at="v1.0.0", by="ada")

    assert no.value.lines == [
        "v1.0.0-rollback orders a rollback, which ada may not do: "
        "it needs the role tech_lead or devops or on_call or admin."
    ]
    assert len(two.deployments(PRODUCTION)) == 2


def test_a_lightweight_tag_orders_nothing(two: World) -> None:
    with pytest.raises(PushRefused) as no:
        two.push_tag("v1.0.0-rollback", at="v1.0.0", message=None)

    assert no.value.lines == [
        "v1.0.0-rollback is a lightweight tag: a rollback needs a reason and a name.",
        '    git tag -a v1.0.0-rollback -m "Rollback because ..."',
    ]


def test_a_release_that_is_not_there_can_not_come_back(two: World) -> None:
    with pytest.raises(PushRefused) as no:
        two.push_tag("v0.9.0-rollback", at="v1.0.0")

    assert no.value.lines[0] == "v0.9.0-rollback names the release v0.9.0, which is not there."


def test_a_rollback_that_the_gate_refuses_is_refused_in_the_terminal(two: World) -> None:
    put_in_quarantine(two.ports, "v1.0.0", "prices are wrong", two.person("dora"))
    with pytest.raises(PushRefused) as no:
        two.push_tag("v1.0.0-rollback", at="v1.0.0")

    assert no.value.lines == [
        "v1.0.0-rollback orders a rollback that can not be done now:",
        "- v1.0.0 is in quarantine: prices are wrong. [quarantined]",
        "    -> Go back to another release: `gate release list` shows the verified ones.",
    ]
    assert "v1.0.0-rollback" not in two.code_host.tags()


def test_what_the_gate_refuses_after_all_is_on_the_record(two: World) -> None:
    """Between the judgement and the end of the push somebody put it into quarantine."""
    commit = two.revision("v1.0.0").commit
    put_in_quarantine(two.ports, "v1.0.0", "prices are wrong", two.person("dora"))
    update = RefUpdate("refs/tags/v1.0.0-rollback", None, commit, "tag", commit)
    pushes.received(two.ports, two.person("dora"), [update])

    assert ("dora", "rollback refused", "v1.0.0 is in quarantine: prices are wrong.") in two.record("v1.0.0-rollback")


def test_a_deleted_branch_of_a_change_closes_it(world: World) -> None:
    change = world.change(branch="feature/x")
    world.repository.delete("refs/heads/feature/x")
    pushes.received(world.ports, world.person("ada"), [RefUpdate("refs/heads/feature/x", change.head.commit, None)])

    assert changes.get(world.ports, 1).state == "closed"
