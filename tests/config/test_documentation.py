"""One text for example, manual and schema: that it is whole, and that what is made from it is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest

from staging_gate.config import example_text, json_schema
from staging_gate.config.document import read_tree
from staging_gate.config.example import descriptions
from staging_gate.config.models import Part, keys_of, part_at
from staging_gate.config.reference import page, schema_text
from tests.config.plain import misfits, plain
from tests.config.policies import SMALL, edited
from tests.config.test_broken_files import SHAPES, VALUES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
NOT_IN_THE_SCHEMA = {"a duration of nothing", "a duration of years", "a health variable", "a file outside the tree"}
NOT_IN_THE_SCHEMA |= {"a time zone in small letters"}


def all_keys() -> set[tuple[str, str]]:
    return {(part.__name__, key) for part in Part.__subclasses__() for key in keys_of(part)}


def keys_in_the_example() -> set[tuple[str, str]]:
    found = ((part_at(path[:-1]), str(path[-1])) for path in read_tree(example_text().encode()).keys)
    return {(part.__name__, key) for part, key in found if part is not None}


def test_every_key_is_in_the_example() -> None:
    assert keys_in_the_example() == all_keys()


def test_every_key_is_explained_above_it() -> None:
    assert set(descriptions()) == all_keys()
    assert all(text[0].isupper() or text[0] == "`" for text in descriptions().values())
    assert all(text.endswith(".") for text in descriptions().values())


def test_the_example_says_which_keys_are_required() -> None:
    fields = {
        (part.__name__, key): field.is_required()
        for part in Part.__subclasses__()
        for key, field in zip(keys_of(part), part.model_fields.values(), strict=True)
    }

    assert {key for key, text in descriptions().items() if "Required" in text} == {
        key for key, required in fields.items() if required
    }


def test_every_key_is_described_in_the_schema() -> None:
    schema = json_schema()
    described = {
        (name, key): value["description"]
        for name, part in {"GateYaml": schema, **schema["$defs"]}.items()
        for key, value in part["properties"].items()
    }

    assert described == descriptions()


def test_the_schema_says_what_an_editor_shows() -> None:
    within = json_schema()["$defs"]["CheckPart"]["properties"]["within"]

    assert within == {
        "title": "a duration such as 90s, 5m, 24h or 7d",
        "description": "How long the check may take; then it is stopped and has `errored`.",
        "type": "string",
        "pattern": "^([0-9]{1,7})([smhd])$",
        "default": "10m",
    }


@pytest.mark.parametrize("text", [example_text(), SMALL], ids=["the example", "a small one"])
def test_what_the_reader_takes_fits_the_schema(text: str) -> None:
    schema = json_schema()

    assert not list(misfits(schema, plain(text), schema))


@pytest.mark.parametrize(
    "edit",
    [edit for name, (edit, _) in {**SHAPES, **VALUES}.items() if name not in NOT_IN_THE_SCHEMA],
    ids=[name for name in {**SHAPES, **VALUES} if name not in NOT_IN_THE_SCHEMA],
)
def test_what_the_reader_refuses_in_one_place_does_not_fit_the_schema(edit: tuple[str, str]) -> None:
    schema = json_schema()

    assert list(misfits(schema, plain(edited(edit)), schema))


def test_the_page_is_up_to_date() -> None:
    assert (REFERENCE / "gate-yaml.md").read_text() == page(), HOW


def test_the_checked_in_schema_is_up_to_date() -> None:
    written: Any = json.loads((REFERENCE / "gate.schema.json").read_text())

    assert written == json.loads(schema_text()), HOW


HOW = "run: PYTHONPATH=src python -m staging_gate.config.reference docs/reference"
