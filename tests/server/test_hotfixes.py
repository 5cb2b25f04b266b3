"""What the board shows of hotfixes: first of all they, then what has to come back, and what is still to be done."""

from zoneinfo import ZoneInfo

from staging_gate.queries.board import board
from staging_gate.runbook import changes
from staging_gate.server.web.pages import page
from staging_gate.testing.world import World


def shown(world: World) -> str:
    return bytes(page("board_content.html", board=board(world.ports), zone=ZoneInfo("UTC")).body).decode()


def test_a_hotfix_on_its_way_and_what_follows_from_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    world = World.begin(tmp_path)
    try:
        world.release("v1.0.0")
        world.push("hotfix/login", {"app/login.py": "fixed\n"}, message="fix: <login>", since="main")
        hotfix = changes.open_change(world.ports, "hotfix/login", "main", world.person("ada"), reason="no <login>")
        world.settle()
        text = shown(world)
        assert text.index(f"Hotfix, change {hotfix.number}") < text.index("Production")
        assert "fix: &lt;login&gt;: no &lt;login&gt;" in text
        assert "1 files, 1 lines" in text
        assert "A hotfix needs the approval of a tech lead or of whoever is on call" in text

        world.approve(hotfix, "tess", "tech_lead")
        world.settle()
        assert f"gate change merge {hotfix.number}" in shown(world)
        world.merge(hotfix)
        text = shown(world)
        assert "Back-merge, change" in text and "Bring v1.0.1 back: main to staging" in text
        assert "Add tests, so that it does not come back (v1.0.1, fix: &lt;login&gt;)" in text
        assert "gate followup done 4" in text

        world.advance(days=30)
        assert ">late</span>" in shown(world)
    finally:
        world.close()
