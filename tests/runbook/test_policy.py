"""Whose rules hold: main's. How the first ones come, how they change, and what no change can do to its own gate."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import yaml

from staging_gate.domain.change import Change
from staging_gate.domain.environment import Environment
from staging_gate.runbook import changes
from staging_gate.runbook.policy import NoPolicy, needed_policy, policy_in_force, services_of
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.repository import Files
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

STAGING = Environment.STAGING


def opened(world: World, files: Files, branch: str = "feature/rules", to: str = "staging") -> Change:
    return world.change("chore: rules", files, branch=branch, to=to)


# --- the first rules ---------------------------------------------------------------------------------------------


def test_until_there_are_rules_only_the_change_that_brings_them_passes(made: Callable[..., World]) -> None:
    world = made(policy=None)
    world.push("feature/x", {"x.py": "x\n"})
    ada = world.person("ada")

    assert closed(lambda: changes.open_change(world.ports, "feature/x", "staging", ada)) == ("no_policy",)
    assert closed(lambda: changes.open_change(world.ports, "feature/x", "main", ada)) == ("no_policy",)
    change = opened(world, {"gate.yaml": gate_yaml()}, to="main")
    assert world.merge(change, "root").merged
    policy = policy_in_force(world.ports)
    assert policy and policy.product == "marketedge"


def test_first_rules_that_are_broken_do_not_come_into_force(made: Callable[..., World]) -> None:
    world = made(policy=None)
    change = opened(world, {"gate.yaml": "product: [\n"}, to="main")

    assert closed_as_explained(world, "1", "root", lambda: world.merge(change, "root")) == ("policy_broken",)
    assert world.explain("1", "root").reasons[0].evidence[0].startswith("gate.yaml:")
    world.push("feature/rules", {"gate.yaml": gate_yaml()})
    world.settle()
    assert world.merge(change, "root").merged


def test_after_the_first_rules_feature_branches_do_not_go_to_main_any_more(made: Callable[..., World]) -> None:
    world = made(policy=None)
    world.merge(opened(world, {"gate.yaml": gate_yaml()}, to="main"), "root")
    world.push("feature/x", {"x.py": "x\n"}, since="main")

    assert closed(lambda: changes.open_change(world.ports, "feature/x", "main", world.person("ada"))) == ("wrong_way",)


def test_acts_that_need_rules_say_that_there_are_none(made: Callable[..., World]) -> None:
    world = made(policy=None)

    with pytest.raises(NoPolicy, match=r"main has no gate.yaml yet"):
        redeploy(world.ports, STAGING, world.person("root"))


def test_an_imported_policy_that_is_broken_says_where(made: Callable[..., World]) -> None:
    world = made(policy="product: 7\nservices: 3\n")

    with pytest.raises(NoPolicy, match=r"main's gate.yaml can not be read:\ngate.yaml:1:1"):
        needed_policy(world.ports)


# --- later rules -------------------------------------------------------------------------------------------------


def test_a_broken_gate_yaml_is_refused_with_all_its_problems(world: World) -> None:
    change = opened(world, {"gate.yaml": gate_yaml() + "surprise: 1\nanother: 2\n"})
    world.approve(change)

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("policy_broken", "checks_failed")
    reason = world.explain("1", "ben").reasons[0]
    assert reason.sentence == "The gate.yaml of this change has 2 problems."
    assert len(reason.evidence) == 2


def test_a_change_can_not_relax_the_gate_that_it_has_to_pass(world: World) -> None:
    relaxed = gate_yaml(checks=("db-migrations",), staging={"approvals": {}})
    change = opened(world, {"gate.yaml": relaxed})

    codes = closed_as_explained(world, "1", "ada", lambda: world.merge(change, "ada"))
    assert codes == ("changes_its_own_proof", "approvals_missing")


def test_new_rules_come_into_force_with_the_release_that_brings_them(released: World) -> None:
    text = gate_yaml(staging={"approvals": {"review": 2}})
    released.ship_to_staging("chore: two reviews", {"gate.yaml": text})
    change = released.change("feat: one", branch="feature/one")
    released.approve(change)
    assert released.explain(str(change.number), "ben").open, "main's rules are still the old ones"
    released.prepare_release("v1.1.0")
    released.publish("v1.1.0")

    codes = closed_as_explained(released, str(change.number), "ben", lambda: released.merge(change))
    assert codes == ("approvals_missing",)


@pytest.mark.parametrize(
    ("files", "evidence"),
    [
        ({"gate.yaml": gate_yaml(service={"run": "serve --fast --port $PORT"})}, ("gate.yaml: services",)),
        ({"smoke/api.py": "assert True\n"}, ("smoke/api.py",)),
        ({"smoke/conftest.py": "import evil\n"}, ("smoke/conftest.py",)),
        ({"conftest.py": "import evil\n"}, ("conftest.py",)),
    ],
)
def test_who_changes_how_it_is_proved_needs_a_tech_lead(
    world: World, files: dict[str, str], evidence: tuple[str, ...]
) -> None:
    change = opened(world, files)
    world.approve(change)

    codes = closed_as_explained(world, "1", "ben", lambda: world.merge(change))
    assert codes == ("changes_its_own_proof", "approvals_missing")
    reason = world.explain("1", "ben").reasons[0]
    assert reason.evidence == evidence
    assert reason.opens_when == "A tech lead other than the author approves it: `gate approve 1 --as tech_lead`."
    world.approve(change, "tess", "tech_lead")
    assert world.merge(change).merged


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("./scripts/smoke.sh $URL", "scripts/smoke.sh"),
        ("bash scripts/smoke.sh", "scripts/smoke.sh"),
        ("pytest tests/smoke/test_login.py::test_it", "tests/smoke/test_login.py"),
        ("pytest tests/smoke/", "tests/smoke/data.json"),
        ("python -m checks.smoke", "checks/smoke.py"),
        ("python -m checks.smoke", "checks/__init__.py"),
    ],
)
def test_a_smoke_test_is_found_however_the_command_names_it(
    made: Callable[..., World], command: str, file: str
) -> None:
    world = made(policy=gate_yaml(service={"smoke": {"command": command}}))
    opened(world, {file: "exit 0\n", "app/beside.py": "x\n"})

    reasons = world.explain("1", "ben").reasons
    assert [reason.evidence for reason in reasons if reason.code == "changes_its_own_proof"] == [(file,)]


def test_nobody_merges_the_rules_away(released: World) -> None:
    change = opened(released, {"gate.yaml": None})
    released.approve(change)
    released.approve(change, "tess", "tech_lead")

    subject = str(change.number)
    assert closed_as_explained(released, subject, "ben", lambda: released.merge(change)) == ("policy_broken",)
    assert released.explain(subject, "ben").reasons[0].evidence == (
        "gate.yaml: wanted the rules of the product, found that the change removes the file",
    )


def test_two_good_gate_yaml_that_merge_into_a_broken_one_are_refused(world: World) -> None:
    lines = gate_yaml().splitlines(keepends=True)
    early, late = "".join([*lines[:1], "time_zone: UTC\n", *lines[1:]]), "".join([*lines, "time_zone: UTC\n"])
    first = opened(world, {"gate.yaml": early}, "feature/early")
    second = opened(world, {"gate.yaml": late}, "feature/late")
    for change in (first, second):
        world.approve(change)
        assert world.explain(str(change.number), "ben").open
    world.merge(first)

    assert "policy_broken" in closed_as_explained(world, "2", "ben", lambda: world.merge(second))


def test_what_staging_let_through_is_not_judged_again_on_the_way_to_main(released: World) -> None:
    change = released.change("feat: smoke", {"smoke/api.py": "assert True\n"})
    released.approve(change)
    released.approve(change, "tess", "tech_lead")
    released.merge(change)
    changes.mark_tested(released.ports, change.number, released.person("cleo"))

    assert released.prepare_release("v1.1.0").merged


# --- what a revision says about itself ---------------------------------------------------------------------------


def test_how_a_service_runs_is_the_revisions_own_and_where_is_mains(world: World) -> None:
    own = yaml.safe_load(gate_yaml(service={"run": "serve --fast --port $PORT"}))
    own["services"]["api"]["targets"]["staging"]["local"] = {"port": 9999, "environ": {"DATABASE_URL": "sqlite:///x"}}
    commit = world.push("feature/x", {"gate.yaml": yaml.safe_dump(own)}).commit
    policy = needed_policy(world.ports)
    [service] = services_of(world.ports, policy, commit, STAGING)

    assert service.run == ("serve", "--fast", "--port", "$PORT")
    assert service.target(STAGING).port == policy.services[0].target(STAGING).port
    assert service.target(STAGING).environ == {"DATABASE_URL": "sqlite:///x"}


def test_a_change_can_not_have_its_migrations_tried_on_rows_of_its_choice(made: Callable[..., World]) -> None:
    def text(**more: str) -> str:
        schema = {"alembic": "alembic.ini", "database": "DATABASE_URL", **more}
        return gate_yaml(
            services=("api", "web"), service={"schema": schema, "environ": {"DATABASE_URL": "sqlite:///x"}}
        )

    world = made(text(dump="/backups/masked.dump"))
    commit = world.push("feature/x", {"gate.yaml": text(template="env:PRODUCTION", seed="seed")}).commit
    api, web = services_of(world.ports, needed_policy(world.ports), commit, STAGING)

    assert api.schema and (api.schema.dump, api.schema.template) == ("/backups/masked.dump", "")
    assert api.schema.seed == ("seed",)

    unknown = services_of(world.ports, replace(needed_policy(world.ports), services=(api,)), commit, STAGING)[1]
    assert unknown.schema and (unknown.schema.dump, unknown.schema.template) == ("", "")


def test_a_service_that_main_does_not_know_brings_its_own_place(world: World) -> None:
    commit = world.push("feature/x", {"gate.yaml": gate_yaml(services=("api", "web"))}).commit
    services = services_of(world.ports, needed_policy(world.ports), commit, STAGING)

    assert [service.name for service in services] == ["api", "web"]
    assert services[1].target(STAGING).port == 8103


def test_a_new_service_is_deployed_with_the_change_that_brings_it(world: World) -> None:
    change = opened(world, {"gate.yaml": gate_yaml(services=("api", "web"))})
    world.approve(change)
    world.approve(change, "tess", "tech_lead")
    merged = world.merge(change)

    assert merged.merged
    assert world.staging.live("web") == merged.merged.commit


def test_a_new_service_whose_proof_fails_has_its_route_closed_and_the_old_ones_go_back(world: World) -> None:
    before = world.ship_to_staging()
    change = opened(world, {"gate.yaml": gate_yaml(services=("api", "web"))})
    world.approve(change)
    world.approve(change, "tess", "tech_lead")
    world.staging.next_smoke_fails(where="public", service="web")
    world.merge(change)

    assert before.merged
    assert world.staging.live("api") == before.merged.commit
    assert world.staging.closed("web")


def test_a_revision_without_rules_runs_as_main_says(world: World) -> None:
    commit = world.push("feature/x", {"gate.yaml": None}).commit
    policy = needed_policy(world.ports)

    assert services_of(world.ports, policy, commit, STAGING) == policy.services
