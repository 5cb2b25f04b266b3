"""`gate way-back`: the verdict with its evidence, and trying it again."""

from staging_gate.testing.serving import Served
from tests.cli.conftest import Run
from tests.server.test_ways_back import paired, proved


def test_the_verdict_is_shown_with_what_was_seen(served: Served, run: Run) -> None:
    nothing = run("way-back", "show")
    assert nothing.exit_code == 2
    assert "There is no way back to prove: production runs nothing, or staging has not proved" in nothing.output
    paired(served)
    untried = run("way-back", "show")
    assert untried.output.strip().endswith("to v1.0.0: not known; `gate way-back prove` tries it again.")

    proved(served)
    shown = run("way-back", "show")
    assert shown.exit_code == 0
    head, *rest = shown.output.splitlines()
    assert head.endswith("to v1.0.0: reversible, loses column orders.note (12 rows of the clone).")
    assert rest == ["  api did not work.", "  api worked after the downgrade.", "  log: ways-back/one"]
    assert head in run("status").output
    assert run("way-back", "prove").output == "It is being tried: `gate way-back show` says how far it is.\n"
    nowhere = run("way-back", "prove", "--to", "v9.9.9")
    assert nowhere.exit_code == 2
    assert "There is no way back to v9.9.9 to prove: production never verified it" in nowhere.output
    both = run("way-back", "show", "v1.0.0", "--to", "v0.9.0")
    assert "Give the release that it goes from, or --to the one that it goes back to, not both." in both.output
