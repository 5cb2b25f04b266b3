"""docs/reference says what `--json` prints; written from the types, so it can not drift."""

import json
from pathlib import Path

from staging_gate.server.reference import schemas

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_the_schemas_are_current() -> None:
    for file, schema in schemas().items():
        assert json.loads((REFERENCE / file).read_text()) == schema, (
            "python -m staging_gate.server.reference docs/reference"
        )
