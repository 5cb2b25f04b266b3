"""Filling places with people, against trying all ways."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.assigning import assign

PEOPLE = ("ada", "ben", "cleo", "dora")
PLACES = st.lists(st.sampled_from(("a", "b", "c")), max_size=4)
ABLE = st.fixed_dictionaries({}, optional={p: st.lists(st.sampled_from(PEOPLE), unique=True) for p in ("a", "b", "c")})


@given(PLACES, ABLE)
def test_as_many_places_are_filled_as_can_be_each_by_another_person_who_is_able(
    places: list[str], able: dict[str, list[str]]
) -> None:
    filled = assign(places, able)

    assert len(set(filled.values())) == len(filled)
    assert all(person in able[places[place]] for place, person in filled.items())
    assert len(filled) == most(places, able)


def most(places: list[str], able: dict[str, list[str]]) -> int:
    """The slow way: everybody in every order."""
    nobody = ("",) * len(places)
    orders = permutations((*PEOPLE, *nobody), len(places))
    return max(sum(who in able.get(place, ()) for place, who in zip(places, order, strict=True)) for order in orders)


def test_who_has_a_place_makes_way_where_another_will_do() -> None:
    assert assign(["review", "lead"], {"review": ["tess", "ben"], "lead": ["tess"]}) == {0: "ben", 1: "tess"}
    assert assign(["lead", "lead"], {"lead": ["tess"]}) == {0: "tess"}
    assert assign([], {}) == {}
