"""The pages of a change and of a release say why the gate is open or closed."""

from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api
from tests.server.test_api import ask


def test_a_change_says_why_it_waits(served: Served) -> None:
    served.commit("feature/page", {"index.html": "page"}, "feat: <b>bold</b>", start="staging")
    opened = Api(served.address, served.token_of("ada")).post("/changes", source="feature/page", target="staging")
    status, body, _ = ask(served, "GET", f"/changes/{opened['number']}", cookie=served.cookie)

    assert status == 200
    assert "feat: &lt;b&gt;bold&lt;/b&gt;" in body
    assert "The gate is closed, for 1 reason." in body
    assert "<code>approvals_missing</code>" in body
    assert f"(<code>gate approve {opened['number']}</code>)" in body
    assert f'<a href="/changes/{opened["number"]}">' in ask(served, "GET", "/board-content", cookie=served.cookie)[1]


def test_a_release_has_its_notes_and_its_reasons(served: Served) -> None:
    served.commit("staging", {"index.html": "release"}, "feat: charts")
    release = Api(served.address, served.token_of("ada")).post("/releases")
    status, body, _ = ask(served, "GET", f"/releases/{release['tag']}", cookie=served.cookie)

    assert status == 200
    assert "## Breaking Changes\n- None" in body
    assert "<code>release_not_merged</code>" in body
    assert f'as <a href="/changes/{release["change"]}">' in body
    Api(served.address, served.token_of("ada")).post(f"/releases/{release['tag']}/withdraw")


def test_what_is_not_there_is_told(served: Served) -> None:
    for path, said in (("/changes/77", "There is no change 77."), ("/releases/v9.9.9", "There is no release")):
        status, body, _ = ask(served, "GET", path, cookie=served.cookie)
        assert (status, said in body) == (404, True)


def test_who_is_not_signed_in_sees_neither(served: Served) -> None:
    for path in ("/changes/1", "/releases/v1.0.0"):
        assert ask(served, "GET", path)[0] == 303
