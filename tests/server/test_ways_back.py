"""Ways back, over the API: as they are known, and tried again."""

import json
from pathlib import Path

import pytest

from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.way_back import Loss, WayBack, WayBackVerdict
from staging_gate.queries import ways_back as views
from staging_gate.queries.ways_back import ShownWayBack
from staging_gate.testing.serving import POLICY, Served
from staging_gate.wire.api import Api, ApiProblem

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "way-back.schema.json"
ENVIRON = "environ: {DATABASE_URL: 'sqlite:///shop.db'}"
WITH_SCHEMA = (
    POLICY.replace("    run:", "    schema: {alembic: alembic.ini, database: DATABASE_URL}\n    run:")
    .replace("{port: 8081}", f"{{port: 8081, {ENVIRON}}}")
    .replace("{port: 8080}", f"{{port: 8080, {ENVIRON}}}")
)
MIGRATION = {
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/versions/0002.py": "revision = '2'\n",
}


def paired(served: Served) -> None:
    """Production runs what main has; staging has proved something with another migration."""
    ports = served.house.ports
    served.commit("main", {"gate.yaml": WITH_SCHEMA}, "feat: a database")
    served.commit("staging", {"gate.yaml": WITH_SCHEMA, **MIGRATION}, "feat: notes")
    for environment, branch in ((Environment.PRODUCTION, "main"), (Environment.STAGING, "staging")):
        revision = ports.code_host.revision(branch)
        assert revision
        with ports.store.transaction() as tx:
            one = _deployment(tx.deployments.next_id(environment), environment, revision, ports.clock.now())
            tx.deployments.add(one)
            tx.deployments.set_live(environment, one.id)
            tx.deployments.add_verification(Verification(environment, revision.tree, one.id, tx.at))


def proved(served: Served) -> WayBack:
    """And the way back is known."""
    new, old = (served.house.ports.code_host.revision(branch) for branch in ("staging", "main"))
    assert new and old
    with served.house.ports.store.transaction() as tx:
        way = WayBack(
            new.tree,
            old.tree,
            WayBackVerdict.REVERSIBLE,
            tx.at,
            "staging-9",
            ("api did not work.", "api worked after the downgrade."),
            (Loss("column orders.note", 12),),
            4.5,
            "ways-back/one",
        )
        tx.ways_back.put(way)
    return way


def _deployment(id: str, environment: Environment, revision: Revision, at: object) -> Deployment:
    return Deployment(
        id,
        environment,
        DeploymentKind.DEPLOY,
        revision,
        DeploymentState.SUCCEEDED,
        "a test",
        "ada",
        at,  # type: ignore[arg-type]
        "v1.0.0" if environment is Environment.PRODUCTION else None,
        ended_at=at,  # type: ignore[arg-type]
    )


def test_ways_back_are_shown_and_tried_again(served: Served, ada: Api) -> None:
    with pytest.raises(ApiProblem, match="There is no way back to prove: production runs nothing, or staging has not"):
        ada.get("/way-back")
    paired(served)
    proved(served)
    found = ada.get("/way-back")

    assert set(found) == set(json.loads(SCHEMA.read_text())["properties"])
    assert found["way"]["verdict"] == "reversible"
    assert found["way"]["losses"] == [{"what": "column orders.note", "rows": 12}]
    assert found["said"].endswith("to v1.0.0: reversible, loses column orders.note (12 rows of the clone).")
    assert ada.get("/board")["way_back"] == found

    begun = ada.post("/way-back/prove")
    assert begun["run"].startswith("prove-the-way-back-staging-1-production-1-")
    assert ada.get("/way-back", wait=True)["run"] is None
    with pytest.raises(ApiProblem, match=r"There is no release 'v9\.9\.9"):
        ada.get("/way-back/v9.9.9")


def test_what_takes_long_is_not_said_to_be_broken(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = ShownWayBack("v1.1.0", "v1.0.0", None, "a-run", (), "It is being tried.")
    monkeypatch.setattr(views, "of_now", lambda ports: shown)
    monkeypatch.setattr(served.house, "wait", lambda run, within: False)
    ada = Api(served.address, served.token_of("ada"))

    with pytest.raises(ApiProblem, match="This takes longer than 60 s and goes on: `gate status` shows how."):
        ada.get("/way-back", wait=True)
