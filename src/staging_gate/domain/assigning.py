"""Who takes which place, where one person takes one place only."""

from collections.abc import Collection, Mapping, Sequence


def assign(places: Sequence[str], able: Mapping[str, Collection[str]]) -> dict[int, str]:
    """Fill as many places as can be filled at all: index of the place -> person. `places` are named by what they ask
    for, `able` says who has it. Of several ways that fill as many, the one that fills earlier places."""
    filled: dict[int, str] = {}
    for place in range(len(places)):
        _fill(place, places, able, filled, set())
    return filled


def _fill(
    place: int, places: Sequence[str], able: Mapping[str, Collection[str]], filled: dict[int, str], seen: set[str]
) -> bool:
    """Somebody who has a place already gives it up where another can take it: an augmenting path (Kuhn)."""
    for person in able.get(places[place], ()):
        if person in seen:
            continue
        seen.add(person)
        taken = next((other for other, who in filled.items() if who == person), None)
        if taken is None or _fill(taken, places, able, filled, seen):
            filled[place] = person
            return True
    return False
