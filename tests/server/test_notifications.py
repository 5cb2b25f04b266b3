"""A real server reaches people at a real address: from the act to the message, and what is seen of it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from staging_gate.testing.polling import eventually
from staging_gate.testing.serving import POLICY, Served, running_server
from staging_gate.wire.api import Api
from tests.server.test_api import ask, refused

SECRET = "hunter2"


@pytest.fixture(scope="module")
def sink() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as server:
        for name in ("ada", "ops"):
            server.expect_request(f"/{name}/", method="POST").respond_with_response(Response("", 200))
        server.expect_request("/tess/", method="POST").respond_with_response(Response(f"no {SECRET}", 500))
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sink: HTTPServer) -> Iterator[Served]:
    state: Path = tmp_path_factory.mktemp("state")
    addresses: Path = tmp_path_factory.mktemp("addresses")
    for name in ("ada", "ops", "tess"):
        (addresses / name).write_text(f"json://gate:{SECRET}@127.0.0.1:{sink.port}/{name}/\n")
    notify = (
        f"notify:\n  people: {{ada: 'file:{addresses}/ada', tess: 'file:{addresses}/tess', ben: env:NOT_SET}}\n"
        f"  channels: {{ops: 'file:{addresses}/ops'}}\n"
    )
    policy = POLICY.replace("{tech_lead: [tess]}", "{tech_lead: [tess], devops: [ada]}")
    with running_server(state, public="https://gate.example") as served:
        served.commit("main", {"gate.yaml": policy + notify, "index.html": "hello"}, "feat: the first version")
        served.commit("staging", {}, "chore: begin staging", start="main")
        yield served


def arrived(sink: HTTPServer, name: str) -> list[dict[str, Any]]:
    return [request.get_json() for request, _ in list(sink.log) if request.path == f"/{name}/"]


def board_of(served: Served) -> str:
    return ask(served, "GET", "/board-content", cookie=served.cookie)[1]


def test_an_incident_pages_at_once_and_what_could_not_be_told_is_seen(
    served: Served, sink: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada, ben = (Api(served.address, served.token_of(name)) for name in ("ada", "ben"))
    ben.post("/incidents", severity="p0", title="nobody can <log in>")
    eventually(lambda: len(arrived(sink, "ada")) == len(arrived(sink, "ops")) == 1, within=15)
    eventually(lambda: ada.get("/board")["untold"], within=15)

    (page,) = ada.get("/board")["pages"]
    (message,) = arrived(sink, "ada")
    assert message["title"] == "P0 incident 1: nobody can <log in>"
    assert f"Say that you see to it: `gate ack {page['notice']['id']}`" in message["message"]
    assert "https://gate.example" in message["message"]
    assert page["told"] == ["ada"]

    shown = board_of(served)
    assert f"<b>Page {page['notice']['id']}</b> P0 incident 1: nobody can &lt;log in&gt; (told ada; " in shown
    assert "<b>Untold</b> tess could not be told so far (1 try) of: P0 incident 1" in shown
    assert "the answer was 500." in shown

    listed = ada.get("/notifications")
    assert {(one["notification"]["recipient"], one["notification"]["state"]) for one in listed} == {
        ("ada", "sent"), ("tess", "pending"), ("#ops", "sent"),
    }  # fmt: skip
    assert {one["notification"]["recipient"] for one in ada.get("/notifications", mine=True)} == {"ada"}

    seen = ben.post(f"/pages/{page['notice']['id']}/acknowledge")
    assert seen["acknowledged_by"] == "ben"
    assert ada.get("/board")["pages"] == []
    again = refused(ada, "POST", f"/pages/{page['notice']['id']}/acknowledge")
    assert again.status == 422 and "ben sees to it already" in str(again)

    everything = f"{shown} {listed} {ada.text('/audit')} {caplog.text}"
    assert SECRET not in everything


def test_a_trial_says_whether_it_arrived(served: Served, sink: HTTPServer) -> None:
    ada = Api(served.address, served.token_of("ada"))
    reached = ada.post("/notifications/test", to="ops")
    assert (reached["name"], reached["problem"]) == ("#ops", "")
    assert arrived(sink, "ops")[-1]["title"] == "Staging Gate can reach you here"
    no = refused(ada, "POST", "/notifications/test", to="tess")
    assert no.status == 422 and "tess was not reached." in str(no) and "the answer was 500." in str(no)
    assert SECRET not in str(no)
    unknown = refused(ada, "POST", "/notifications/test", to="zoe")
    assert "gate.yaml says nowhere under `notify` how zoe is reached. It knows: ada, tess, ben, #ops." in str(unknown)


def test_the_doctor_says_who_can_not_be_reached(served: Served) -> None:
    found = {one["what"]: one for one in Api(served.address, served.token).get("/doctor")}["notifications"]
    assert not found["ok"]
    assert found["found"] == "env:NOT_SET leads to no address: NOT_SET is not set where Staging Gate runs."
    assert "gate notifications test NAME" in found["do"]
