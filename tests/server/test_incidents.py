"""Incidents over the API and on the board."""

import pytest

from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api
from tests.server.test_api import ask, refused


def board_of(served: Served) -> str:
    return ask(served, "GET", "/board-content", cookie=served.cookie)[1]


def test_an_incident_from_open_to_resolved(served: Served, ada: Api, ben: Api) -> None:
    incident = ada.post("/incidents", severity="p1", title="login fails for <some>")
    assert (incident["severity"], incident["phase"], incident["opened_by"]) == ("p1", "investigating", "ada")
    assert ben.get("/incidents") == [incident]
    assert ben.get(f"/incidents/{incident['id']}") == incident
    assert ben.get("/board")["incidents"] == [incident]
    body = board_of(served)
    assert f"P1 incident {incident['id']}" in body
    assert "login fails for &lt;some&gt;" in body

    not_his = refused(ben, "POST", f"/incidents/{incident['id']}/resolve", reason="looks fine")
    assert not_his.body["decision"]["reasons"][0]["sentence"] == (
        "ben may not resolve: that needs the role tech_lead or devops or on_call or admin."
    )

    resolved = ada.post(f"/incidents/{incident['id']}/resolve", reason="audience mended")
    assert (resolved["phase"], resolved["resolved_by"], resolved["resolution"]) == (
        "resolved",
        "ada",
        "audience mended",
    )
    assert ada.get("/incidents") == ada.get("/board")["incidents"] == []
    assert ada.get("/incidents", every=True) == [resolved]
    assert "login fails" not in board_of(served)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/incidents", {"severity": "p9", "title": "x"}, "body.severity: Input should be 'p0', 'p1', 'p2' or 'p3'"),
        ("/incidents", {"severity": "p0", "title": " "}, "An incident needs a title: what is wrong, in a few words."),
        (
            "/incidents",
            {"severity": "p0", "title": "x", "deployment": "staging-9"},
            "There is no deployment staging-9.",
        ),
        ("/incidents/99/resolve", {"reason": "over"}, "There is no incident 99. `gate incident list` shows"),
        ("/incidents/99/resolve", {}, 'A reason is needed: --reason "...". It goes on the record.'),
        (
            f"/incidents/{10**20}/resolve",
            {"reason": "over"},
            "path.id: Input should be less than or equal to 2147483647",
        ),
    ],
)
def test_bad_input_is_named(admin: Api, path: str, body: dict[str, str], said: str) -> None:
    assert str(refused(admin, "POST", path, **body)).startswith(said)
