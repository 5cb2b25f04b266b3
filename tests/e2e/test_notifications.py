"""A page whose channel is away and whose server is killed reaches its person nevertheless, on the real wire."""

from pytest_httpserver import HTTPServer
from werkzeug import Response

from staging_gate.adapters.local.ports import free_port
from staging_gate.testing import eventually
from tests.e2e.installation import Installation, an_installation
from tests.e2e.killer import launch

SECRET = "hunter2"


def tell_tess_at(one: Installation, port: int) -> None:
    """main says that tess is reached at this port of ours."""
    (one.folder / "tess").write_text(f"json://gate:{SECRET}@127.0.0.1:{port}/tess/\n")
    one.write_product()
    policy = one.tree / "gate.yaml"
    policy.write_text(f"{policy.read_text()}notify: {{people: {{tess: 'file:{one.folder}/tess'}}}}\n")
    one.commit("chore: tell tess")
    one.push("HEAD:refs/heads/main", by="admin")


def untold(one: Installation) -> list[str]:
    """What the board says of those who could not be told."""
    said: list[str] = one.as_("ada").get("/board")["untold"]
    return said


def test_a_page_outlives_a_dead_channel_and_a_killed_server() -> None:
    port = free_port()
    with an_installation(launch) as one:
        one.start()
        tell_tess_at(one, port)
        opened = one.as_("ben").post("/incidents", severity="p0", title="nobody can log in")
        eventually(lambda: any("There is no connection to where file:" in said for said in untold(one)), within=20)
        one.kill()

        with HTTPServer(port=port, threaded=True) as sink:
            sink.expect_request("/tess/", method="POST").respond_with_response(Response("", 200))
            one.start()
            eventually(lambda: bool(sink.log), within=30)
            eventually(lambda: len(untold(one)) == 1)
            message = sink.log[0][0].get_json()
        assert message["title"] == f"P0 incident {opened['id']}: nobody can log in"

        (page,) = one.as_("ada").get("/board")["pages"]
        assert page["told"] == ["tess"]
        assert one.cli("ack", str(page["notice"]["id"]), by="tess").exit_code == 0
        assert one.as_("ada").get("/board")["pages"] == []
        assert SECRET not in one.server_log() + one.cli("audit", "export", by="admin").output
