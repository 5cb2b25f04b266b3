"""The proof of a way back, as people read of it."""

from staging_gate.domain.going_back import lost
from staging_gate.domain.way_back import TriedOn, WayBack, WayBackVerdict

STEPS = {
    TriedOn.UPGRADED: "try the release before on the upgraded database",
    TriedOn.DOWNGRADED: "downgrade that database and try it again",
    TriedOn.OWN: "try it on a database of its own",
}
AGAIN = "`gate way-back prove` tries it again."
NOT_EVEN_ALONE = "It does not work on a database of its own either, so this says nothing about the migrations."
NOTHING_TO_PROVE = "There is no way back to prove: production runs nothing, or staging has not proved anything else."


def nowhere_to(tag: str) -> str:
    return f"There is no way back to {tag} to prove: production never verified it, or its database is of that release."


def said(new: str, old: str, way: WayBack | None, trying: bool) -> str:
    """`Way back from v1.5.0 to v1.4.0: reversible, loses column orders.note (12 rows of the clone).`"""
    found = in_short(way) if way else "not known yet" if trying else f"not known; {AGAIN.rstrip('.')}"
    return f"Way back from {new} to {old}: {found}{', and it is being tried' if trying else ''}."


def in_short(way: WayBack) -> str:
    losses = lost(way) if way.verdict is WayBackVerdict.REVERSIBLE else ""
    return f"{way.verdict}, loses {losses}" if losses else str(way.verdict)


def nothing_known(tag: str) -> str:
    return f"There is no way back from {tag}: production runs nothing, or nothing that came before."


def not_found_out(why: str) -> str:
    return f"It could not be found out: {why.rstrip('.')}. {AGAIN}"


def broke(why: str) -> str:
    return f"Our own machine broke, which says nothing about the release: {why.rstrip('.')}. {AGAIN}"
