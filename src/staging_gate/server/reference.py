"""Writes the schemas of answers into docs/reference: `python -m staging_gate.server.reference docs/reference`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from staging_gate.domain.audit import ChainReport
from staging_gate.queries.board import Board
from staging_gate.queries.deployments import Timeline
from staging_gate.queries.explaining import Explained
from staging_gate.queries.migrations import MigrationsView
from staging_gate.queries.ways_back import ShownWayBack
from staging_gate.queries.what_if import WhatIf

ANSWERS: Mapping[str, type] = {
    "status": Board,  # gate status --json
    "explain": Explained,  # gate explain --json
    "what-if": WhatIf,  # gate what-if --json
    "migrations": MigrationsView,  # gate migrations --json
    "way-back": ShownWayBack,  # gate way-back show --json
    "audit-verify": ChainReport,  # gate audit verify --json
    "deployment": Timeline,  # gate deployment show --json
}


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema of what `--json` prints."""
    found = {}
    for name, kind in ANSWERS.items():
        schema = TypeAdapter(kind).json_schema(mode="serialization")
        if kind is ChainReport:
            schema["properties"]["intact"] = {"title": "Intact", "type": "boolean"}
        title = f"gate {name.replace('-', ' ')} --json"
        found[f"{name}.schema.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "title": title,
        }
    return found


if __name__ == "__main__":
    for file, schema in schemas().items():
        (Path(sys.argv[1]) / file).write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n")
