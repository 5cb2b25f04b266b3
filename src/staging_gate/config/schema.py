"""The JSON Schema of gate.yaml, for editors. It knows each part; what must hold between them, only the reader knows."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from staging_gate.config.example import descriptions
from staging_gate.config.models import GateYaml, Part
from staging_gate.config.readers import duration_text


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12, with what the annotated example says about each key as its description."""
    schema = GateYaml.model_json_schema(by_alias=True, schema_generator=_Generator)
    parts = schema.pop("$defs")
    for name, part in {"GateYaml": schema, **parts}.items():
        del part["title"]
        for key, value in part["properties"].items():
            _finish(value, descriptions()[name, key])
    heading = {"$schema": GenerateJsonSchema.schema_dialect, "title": "gate.yaml of Staging Gate"}
    return {**heading, **schema, "$defs": parts}


def _finish(value: dict[str, Any], description: str) -> None:
    value["description"] = description
    if "default" in value and value["default"] is None:
        del value["default"]
    if "patternProperties" in value:
        value["additionalProperties"] = False


class _Generator(GenerateJsonSchema):
    """Defaults as people write them; no key takes null; no titles made of names."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return duration_text(dft)
        written = super().encode_default(dft)
        return {key: value for key, value in written.items() if value is not None} if isinstance(dft, Part) else written

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
