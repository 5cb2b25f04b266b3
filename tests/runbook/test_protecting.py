"""`gate github setup` and `check`, on a GitHub that obeys its rules."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from staging_gate.adapters import github as adapter
from staging_gate.domain.protection import PasserKind, Ruleset
from staging_gate.messages import protection as words
from staging_gate.ports import Ports
from staging_gate.runbook import protecting
from staging_gate.runbook.changes import Unusable
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.protecting import Json
from staging_gate.testing.web import Fault, Reply
from staging_gate.testing.world import World
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import QUICK, TOKEN, github_stand_in

NAMES = ["staging", "main", "release tags", "rollback tags", "tags stay"]
OURS = [f"Staging Gate: {name}" for name in NAMES]
APP, BOT = "Iv23liABC", "ghs_bot"


@pytest.fixture
def github(tmp_path: Path, world: World) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, world.clock) as stand_in:
        commit(stand_in.host.path, "main", {"a": "1"})
        commit(stand_in.host.path, "staging", {"a": "2"}, "feat: a", "main")
        commit(stand_in.host.path, "feature/a", {"a": "3"}, "feat: b", "staging")
        stand_in.grant("ben", "ghp_ben")
        stand_in.grant("tess", "ghp_tess")
        yield stand_in


@pytest.fixture
def ports(github: GitHubStandIn, world: World) -> Ports:
    """With a token, as `gate`."""
    return connected(github, world, token=TOKEN)


@pytest.fixture
def as_app(github: GitHubStandIn, world: World, pem: str) -> Ports:
    github.rights["administration"] = "write"
    return connected(github, world, app=APP, key=pem)


@pytest.fixture
def pem(github: GitHubStandIn) -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = generate_private_key(65537, 2048)
    github.app_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def connected(github: GitHubStandIn, world: World, **signed: str) -> Ports:
    settings = adapter.Settings(github.name, api=github.api, limits=QUICK, **signed)  # type: ignore[arg-type]
    connection = adapter.connect(settings, world.clock)
    return replace(world.ports, protection=adapter.GitHubProtection(connection.calls, connection.sign_in))


def set_up(ports: Ports, world: World, *, remove: bool = False) -> protecting.Plan:
    root = world.person("root")
    return protecting.set_up(ports, root, protecting.plan(ports, root, remove=remove).seen, remove=remove)


def kinds(plan: protecting.Plan) -> list[tuple[str, str]]:
    return [(step.kind, step.name.removeprefix("Staging Gate: ")) for step in plan.steps]


def exposed(ports: Ports) -> list[str]:
    return [f"{one.code} {one.place}" for one in protecting.found(ports)]


def ruleset(name: str, **more: object) -> Json:
    """One of somebody else."""
    told: Json = {"id": 7, "source_type": "Repository", "name": name, "target": "branch", "enforcement": "active"}
    about = {"ref_name": {"include": ["~ALL"], "exclude": []}}
    return {**told, "bypass_actors": [], "conditions": about, "rules": [{"type": "deletion"}], **more}


def test_what_it_would_do_is_shown_first(github: GitHubStandIn, ports: Ports, world: World) -> None:
    plan = protecting.plan(ports, world.person("dora"))

    assert kinds(plan) == [("create", name) for name in NAMES]
    main = {one.what: one.then for one in plan.steps[1].differences}
    assert main == {
        "is": "active",
        "holds for": "refs/heads/main",
        "but not for": "nothing",
        "refuses": "deleting and force-pushing",
        "pull request": "required, by merge, approvals 0, dismissed by a push",
        "required checks": "staging-gate, whoever reports it",
        "branches must be up to date": "yes",
        "may pass": "gate (on pull requests)",
    }
    assert {one.what: one.then for one in plan.steps[3].differences}["may pass"] == "dora, gate and tess"
    assert plan.notes[0].startswith("We act with the token of gate, so the rules let gate pass, by hand too")
    assert github.guard.rulesets == []


def test_once_it_is_done_there_is_nothing_to_do(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    done = set_up(as_app, world)

    assert kinds(done) == [("create", name) for name in NAMES]
    assert [one["name"] for one in github.guard.rulesets] == OURS
    again = protecting.plan(as_app, world.person("root"))
    assert kinds(again) == [("leave", name) for name in NAMES]
    assert again.is_done
    assert protecting.found(as_app) == []
    asked = len(github.asked_for("POST", "/rulesets"))
    assert set_up(as_app, world).is_done
    assert len(github.asked_for("POST", "/rulesets")) == asked
    with world.store.reading() as tx:
        record = tx.audit_log.about("github")
    assert [(entry.action, entry.actor) for entry in record] == [("rules at GitHub written", "root")]


def test_they_protect(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    set_up(as_app, world)
    tip = github.host.branches()["main"]

    def tags(name: str, token: str) -> int:
        return ask(github, token, "POST", "/git/refs", {"ref": f"refs/tags/{name}", "sha": tip})

    github.grant("gate[bot]", BOT, is_bot=True)
    assert tags("v1.0.0", "ghp_ben") == 422
    assert tags("v1.0.0", BOT) == 201
    assert tags("v1.0.0-rollback", "ghp_ben") == 422
    assert tags("v1.0.0-rollback", "ghp_tess") == 201
    assert tags("nightly", "ghp_ben") == 201
    assert ask(github, BOT, "DELETE", "/git/refs/tags/v1.0.0") == 422
    assert ask(github, "ghp_tess", "DELETE", "/git/refs/heads/staging") == 422

    opened = {"title": "x", "head": "feature/a", "base": "staging"}
    assert ask(github, "ghp_ben", "POST", "/pulls", opened) == 201
    head = github.pulls[-1].head_sha
    assert ask(github, "ghp_ben", "PUT", "/pulls/1/merge", {"sha": head, "merge_method": "squash"}) == 405
    github.statuses[head] = [{"context": "staging-gate", "state": "success"}]  # by anybody: does not count
    assert ask(github, "ghp_ben", "PUT", "/pulls/1/merge", {"sha": head, "merge_method": "squash"}) == 405
    assert ask(github, BOT, "PUT", "/pulls/1/merge", {"sha": head, "merge_method": "squash"}) == 200


def test_what_somebody_changed_is_shown_field_by_field(github: GitHubStandIn, ports: Ports, world: World) -> None:
    set_up(ports, world)
    github.guard.rulesets[1]["enforcement"] = "evaluate"
    github.guard.rulesets[1]["bypass_actors"].append({"actor_type": "Team", "actor_id": 12, "bypass_mode": "always"})
    github.guard.rulesets[2]["rules"] = []

    assert {"off Staging Gate: main", "create a tag like v*", "push main"} <= set(exposed(ports))
    plan = protecting.plan(ports, world.person("root"))
    assert [step.kind for step in plan.steps] == ["leave", "change", "change", "leave", "leave"]
    assert [(one.what, one.now, one.then) for one in plan.steps[1].differences] == [
        ("is", "evaluate", "active"),
        ("may pass", "gate (on pull requests) and team 12", "gate (on pull requests)"),
    ]
    set_up(ports, world)
    assert protecting.plan(ports, world.person("root")).is_done


def test_what_was_shown_is_what_is_done(github: GitHubStandIn, ports: Ports, world: World) -> None:
    shown = protecting.plan(ports, world.person("root")).seen
    github.guard.rulesets.append({**ruleset("Staging Gate: main"), "id": 3})

    with pytest.raises(Unusable, match="are not what you were shown any more; nothing was changed"):
        protecting.set_up(ports, world.person("root"), shown)
    assert len(github.guard.rulesets) == 1


def test_rules_of_others_stay(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.guard.rulesets.append(ruleset("keep all branches"))
    assert protecting.plan(ports, world.person("root")).others == ("keep all branches",)
    set_up(ports, world)
    assert kinds(set_up(ports, world, remove=True)) == [("remove", name) for name in NAMES]

    assert [one["name"] for one in github.guard.rulesets] == ["keep all branches"]
    assert protecting.plan(ports, world.person("root"), remove=True).is_done
    assert github.guard.rulesets == [ruleset("keep all branches")]


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT])
def test_a_lost_reply_is_looked_up(github: GitHubStandIn, ports: Ports, world: World, fault: Fault) -> None:
    github.has_trouble(Reply(201, b"{}", fault=fault), "POST", "/rulesets", done=True)

    assert not set_up(ports, world).problem

    assert sorted(one["name"] for one in github.guard.rulesets) == sorted(OURS)
    assert protecting.plan(ports, world.person("root")).is_done


def test_who_is_no_administrator_is_told_what_to_click(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.guard.administrators.clear()

    done = set_up(ports, world)

    assert "GitHub refused POST /api/v3/repos/zebra/marketedge/rulesets with 404" in done.problem
    assert done.by_hand[0] == "At GitHub: Settings, Rules, Rulesets, New ruleset. One for each of these:"
    assert "    required checks: staging-gate, whoever reports it" in done.by_hand
    assert "Staging Gate: tags stay (tags)" in done.by_hand
    assert not done.is_done


def test_a_plan_without_rulesets(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.guard.has_no_rulesets = True

    plan = protecting.plan(ports, world.person("root"))

    assert "Upgrade to GitHub Pro or make this repository public to enable this feature" in plan.problem
    assert plan.steps == ()
    assert "Staging Gate: main (branches)" in plan.by_hand


def test_not_for_everybody(ports: Ports, world: World) -> None:
    for refused in (protecting.plan, protecting.check):
        with pytest.raises(Unusable, match="ada may not see or change the rules at GitHub: that needs the role devops"):
            refused(ports, world.person("ada"))
    with pytest.raises(Unusable, match="The code of this installation is not at GitHub"):
        protecting.plan(world.ports, world.person("root"))
    assert protecting.found(world.ports) == []


def test_a_person_whom_github_does_not_know(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.guard.strangers.add("tess")
    plan = protecting.plan(ports, world.person("root"))
    assert plan.notes[0].startswith("GitHub knows nobody called tess, who may roll back by gate.yaml")


# --- check -----------------------------------------------------------------------------------------------------------


def test_nothing_is_protected(github: GitHubStandIn, ports: Ports, world: World, snapshot: SnapshotAssertion) -> None:
    github.particulars.update(delete_branch_on_merge=True, allow_rebase_merge=True)
    github.guard.workflow_rights.update(default_workflow_permissions="write", can_approve_pull_request_reviews=True)

    shown = protecting.check(ports, world.person("root"))

    assert "\n".join(f"{one.said}\n    {one.do}" for one in shown) == snapshot
    assert words.summed_up(protecting.found(ports)).startswith(f"{len(shown)} things are not protected at GitHub. The")


CLASSIC: Json = {
    "required_status_checks": {"strict": True, "contexts": ["staging-gate"], "checks": []},
    "required_pull_request_reviews": {"required_approving_review_count": 1, "dismiss_stale_reviews": False},
    "enforce_admins": {"enabled": True},
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}


def of_main(ports: Ports) -> list[str]:
    return [words.exposed(one) for one in protecting.found(ports) if one.place == "main"]


def test_a_classic_protection_counts(github: GitHubStandIn, ports: Ports) -> None:
    github.particulars.update(allow_rebase_merge=False, allow_squash_merge=False)
    github.guard.protections["main"] = CLASSIC
    bound = of_main(ports)
    github.guard.protections["main"] = {**CLASSIC, "enforce_admins": {"enabled": False}}
    unbound = of_main(ports)

    assert bound == [
        "Anybody with write access, and any App or workflow, can report `staging-gate` as passed on a pull request "
        "into main and merge it: the rule does not ask that our App says it.",
        "An approval at GitHub stays when more is pushed: whoever merges into main there by hand can merge what nobody "
        "has read.",
    ]
    assert [said for said in unbound if said not in bound][0].startswith(
        "Past the rules, administrators can push to main without the"
    )
    assert len(unbound) == len(bound) + 4


def test_a_classic_protection_that_is_not_shown(github: GitHubStandIn, ports: Ports) -> None:
    github.guard.administrators.clear()
    github.classic["main"] = {"strict": True, "contexts": []}

    found = [one for one in protecting.found(ports) if one.place == "main" and one.code in ("push", "delete")]

    assert all(one.unknown for one in found)
    assert words.exposed(found[0]).startswith("Who can push to main without the gate")
    assert words.remedy(found[0]) == "Grant Administration: read, so that it can be seen."


def test_who_has_to_pass_two_rules_has_to_pass_both(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    set_up(as_app, world)
    team = [{"actor_type": "Team", "actor_id": 12, "bypass_mode": "always"}]
    github.guard.rulesets.append(ruleset("keep all", bypass_actors=team))
    assert protecting.found(as_app) == []  # team 12 passes theirs, not ours

    for one in github.guard.rulesets:
        if one["name"] == "Staging Gate: main":
            one["bypass_actors"] += team
    found = [words.exposed(one) for one in protecting.found(as_app)]
    assert found[0].startswith("Past the rules, team 12 can push to main without the gate")
    assert len(found) == 4


def test_a_check_that_another_app_may_report(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    set_up(as_app, world)
    for rule in github.guard.rulesets[0]["rules"]:
        if rule["type"] == "required_status_checks":
            rule["parameters"]["required_status_checks"] = [{"context": "staging-gate", "integration_id": 15368}]

    assert exposed(as_app) == ["unbound staging"]


def test_a_kind_of_passer_that_nobody_knows_yet(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    set_up(as_app, world)
    github.guard.rulesets[0]["bypass_actors"].append({"actor_type": "EnterpriseRobot", "actor_id": 4})

    assert words.exposed(protecting.found(as_app)[0]).startswith(
        "Past the rules, EnterpriseRobot 4 can push to staging"
    )


@pytest.mark.parametrize(
    ("pattern", "ref", "covered"),
    [
        ("refs/heads/main", "refs/heads/main", True),
        ("~ALL", "refs/heads/x/y", True),
        ("~DEFAULT_BRANCH", "refs/heads/main", True),
        ("~DEFAULT_BRANCH", "refs/heads/staging", False),
        ("refs/heads/*", "refs/heads/feature/a", False),
        ("refs/heads/**/*", "refs/heads/feature/a", True),
        ("refs/heads/**/a", "refs/heads/a", True),
        ("refs/heads/ma?n", "refs/heads/main", True),
        ("refs/heads/ma.n", "refs/heads/main", False),
    ],
)
def test_patterns_of_refs(pattern: str, ref: str, covered: bool) -> None:
    assert Ruleset("", False, (pattern,)).covers(ref, "main") is covered
    assert not Ruleset("", True, (pattern,)).covers(ref, "main")
    assert not Ruleset("", False, ("~ALL",), (ref,)).covers(ref, "main")


def test_everybody_who_passes_has_a_kind() -> None:
    from staging_gate.adapters.github.rulesets import KINDS

    assert set(KINDS.values()) == set(PasserKind)


def ask(github: GitHubStandIn, token: str, method: str, path: str, body: object = None) -> int:
    """As somebody at GitHub, past us."""
    import httpx2

    headers = {"authorization": f"Bearer {token}"}
    address = f"{github.api}/repos/{github.name}{path}"
    return httpx2.request(method, address, json=body, headers=headers, trust_env=False).status_code
