"""The pages as a browser asks for them."""

from staging_gate.testing.serving import Served
from tests.server.test_api import ask


def test_who_is_not_signed_in_is_sent_to_sign_in(served: Served) -> None:
    status, _, answer = ask(served, "GET", "/")
    assert (status, answer["location"]) == (303, "/login")
    assert "API token" in ask(served, "GET", "/login")[1]


def test_a_wrong_token_is_said(served: Served) -> None:
    status, body, _ = ask(served, "POST", "/login", b"token=sgt_no")
    assert status == 401
    assert "This token is not valid, or not any more." in body


def test_signing_in_sets_a_cookie_that_scripts_can_not_read(served: Served) -> None:
    status, _, answer = ask(served, "POST", "/login", f"token={served.token}".encode())
    assert (status, answer["location"]) == (303, "/")
    assert "HttpOnly" in answer["set-cookie"]
    assert "SameSite=lax" in answer["set-cookie"]
    assert served.token not in answer["set-cookie"]


def test_the_board_shows_both_environments(served: Served) -> None:
    status, body, answer = ask(served, "GET", "/", cookie=served.cookie)
    assert status == 200
    assert "default-src 'self'" in answer["content-security-policy"]
    assert "form-action 'self'" in answer["content-security-policy"]
    for word in ("shop", "staging", "production", "Open changes", "Releases"):
        assert word in body


def test_what_people_write_is_shown_as_text(served: Served) -> None:
    served.commit("feature/angle", {"index.html": "x"}, "feat: <script>alert(1)</script>", start="staging")
    from staging_gate.wire.api import Api

    Api(served.address, served.token_of("ada")).post("/changes", source="feature/angle", target="staging")
    body = ask(served, "GET", "/board-content", cookie=served.cookie)[1]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<script>" not in body


def test_a_deployment_that_is_not_there(served: Served) -> None:
    status, body, _ = ask(served, "GET", "/deployments/staging-77", cookie=served.cookie)
    assert status == 404
    assert "There is no deployment staging-77." in body


def test_style_script_and_icon_are_served(served: Served) -> None:
    for file in ("gate.css", "gate.js", "icon.svg"):
        assert ask(served, "GET", f"/static/{file}")[0] == 200
