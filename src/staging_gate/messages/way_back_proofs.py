"""Ways back, as people read of them."""

from staging_gate.domain.way_back import Loss, TriedOn, WayBack, WayBackVerdict

STEPS = {
    TriedOn.UPGRADED: "try the release before on the upgraded database",
    TriedOn.DOWNGRADED: "downgrade that database and try it again",
    TriedOn.OWN: "try it on a database of its own",
}
AGAIN = "`gate way-back prove` tries it again."
NOT_EVEN_ALONE = "It does not work on a database of its own either, so this says nothing about the migrations."


def in_short(way: WayBack) -> str:
    """`reversible, loses column orders.note (12 rows)`."""
    lost = ", ".join(loss(one) for one in way.losses) if way.verdict is WayBackVerdict.REVERSIBLE else ""
    return f"{way.verdict}, loses {lost}" if lost else str(way.verdict)


def loss(one: Loss) -> str:
    return one.what if one.rows is None else f"{one.what} ({one.rows} {'row' if one.rows == 1 else 'rows'})"


def not_found_out(why: str) -> str:
    return f"It could not be found out: {why.rstrip('.')}. {AGAIN}"


def broke(why: str) -> str:
    return f"Our own machine broke, which says nothing about the release: {why.rstrip('.')}. {AGAIN}"
