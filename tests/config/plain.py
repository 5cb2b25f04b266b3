"""A tree as an editor would see it, and as much of JSON Schema as ours uses."""

import re
from collections.abc import Iterator
from typing import Any

from staging_gate.config.document import read_tree
from staging_gate.config.tree import Plain, Value

TYPES: dict[str, Any] = {"string": str, "integer": int, "number": int | float, "boolean": bool, "array": list}
KNOWN = {"$ref", "$schema", "$defs", "title", "description", "default", "type", "enum", "anyOf", "pattern", "minLength"}
KNOWN |= {"minimum", "maximum", "items", "minItems", "properties", "required", "additionalProperties"}
KNOWN |= {"patternProperties", "propertyNames", "minProperties"}


def plain(text: str) -> Any:
    return _plain(read_tree(text.encode()).root)


def misfits(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> Iterator[str]:
    """Every way in which the value does not fit; the words are for failed tests only."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from misfits(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    if "anyOf" in schema and all(any(misfits(each, value, root)) for each in schema["anyOf"]):
        yield f"{value!r} fits none of {schema['anyOf']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is not in {schema['enum']}"
    yield from _wrong_type(schema, value)
    if isinstance(value, str):
        yield from _wrong_text(schema, value)
    elif isinstance(value, dict):
        yield from _wrong_mapping(schema, value, root)
    elif isinstance(value, list):
        yield from (wrong for item in value for wrong in misfits(schema.get("items", {}), item, root))
        if len(value) < schema.get("minItems", 0):
            yield "too few items"
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{value} is out of bounds"


def _wrong_type(schema: dict[str, Any], value: Any) -> Iterator[str]:
    wanted = schema.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if names and not any(isinstance(value, TYPES.get(name, dict)) for name in names):
        yield f"{value!r} is not {names}"


def _wrong_text(schema: dict[str, Any], value: str) -> Iterator[str]:
    if not re.search(schema.get("pattern", ""), value) or len(value) < schema.get("minLength", 0):
        yield f"{value!r} does not match"


def _wrong_mapping(schema: dict[str, Any], value: dict[str, Any], root: dict[str, Any]) -> Iterator[str]:
    yield from (f"{key} is missing" for key in schema.get("required", []) if key not in value)
    if len(value) < schema.get("minProperties", 0):
        yield "too few keys"
    for key, item in value.items():
        yield from misfits(schema.get("propertyNames", {}), key, root)
        fitting = [each for pattern, each in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        fitting += [schema["properties"][key]] if key in schema.get("properties", {}) else []
        others = schema.get("additionalProperties", {})
        if not fitting and others is False:
            yield f"{key} is unknown"
        for each in fitting or [others or {}]:
            yield from misfits(each, item, root)


def _plain(value: Value) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Plain):
        return {"nothing": None, "truth value": value.text.lower() == "true"}.get(value.kind, _number(value))
    return value


def _number(value: Plain) -> int | float | None:
    if value.kind != "number":
        return None
    return value.whole if value.whole is not None else float(value.text)
