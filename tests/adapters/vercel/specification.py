"""Vercel's OpenAPI description, where STAGING_GATE_PROVIDERS or ../shared/providers has it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.adapters.specification import PROVIDERS, Examination

DESCRIPTION = PROVIDERS / "vercel" / "vercel.slice.openapi.json"

NOT_IN_THE_SLICE = r"POST /v1/projects/[^/]+/(?:rollback/[^/]+|pause|unpause)|GET /served/.*"
"""What Vercel's own clients call and its older description does not know, and what is no call of the API."""


ODD: tuple[Any, ...] = (None, [], {}, "something new", 7, True)


def examination() -> Examination:
    return Examination(DESCRIPTION, "https://api.vercel.com", NOT_IN_THE_SLICE)


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return described


def examples(path: str) -> Iterator[Any]:
    """Answers of `GET path` made from the description: of every variant, whole, with what is required alone, and with
    each field at the top taken away, null or of another kind."""
    schema = _described()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for variant in schema.get("oneOf", [schema]):
        whole = _example(variant, 0)
        yield whole
        if isinstance(whole, dict):
            yield {name: whole[name] for name in variant.get("required", []) if name in whole}
            for name in whole:
                yield {key: value for key, value in whole.items() if key != name}
                yield from ({**whole, name: odd} for odd in ODD)


def _example(schema: dict[str, Any], depth: int) -> Any:
    schema = _followed(schema)
    if "example" in schema and schema["example"] is not None:
        return schema["example"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return _example(schema[several][0], depth)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {}) if depth < 6 else {}
            return {name: _example(one, depth + 1) for name, one in fields.items()}
        case "array":
            return [_example(schema.get("items", {}), depth + 1)]
        case "string":
            return "text"
        case "number" | "integer":
            return 1540095775941
        case "boolean":
            return True
    return None


def _followed(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = _described()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema
