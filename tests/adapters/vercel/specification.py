"""Vercel's OpenAPI description, where STAGING_GATE_PROVIDERS or ../shared/providers has it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from staging_gate.testing.web import Request

PROVIDERS = Path(os.environ.get("STAGING_GATE_PROVIDERS") or Path(__file__).parents[4] / "shared" / "providers")
DESCRIPTION = PROVIDERS / "vercel" / "vercel.slice.openapi.json"

NOT_IN_THE_SLICE = re.compile(r"POST /v1/projects/[^/]+/(?:rollback/[^/]+|pause|unpause)|GET /served/.*")
"""What Vercel's own clients call and its older description does not know, and what is no call of the API."""


ODD: tuple[Any, ...] = (None, [], {}, "something new", 7, True)


@dataclass
class Examination:
    """`faults` are the requests that are not as the description says. The same one is looked at once."""

    faults: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str, bytes]] = field(default_factory=set)

    def look(self, request: Request) -> None:
        if not DESCRIPTION.exists() or NOT_IN_THE_SLICE.fullmatch(f"{request.method} {request.path}"):
            return
        asked = (request.method, request.path, str(sorted(request.query.items())), request.body)
        if asked in self.seen:
            return
        self.seen.add(asked)
        try:
            _description().validate_request(_Described(request))
        except OpenAPIError as error:
            causes = getattr(error.__cause__, "schema_errors", ())
            why = "; ".join(one.message for one in causes) or f"{error} {error.__cause__ or ''}"
            self.faults.append(f"{request.method} {request.path}: {why}")


class _Described:
    """A request as openapi-core wants to see it."""

    def __init__(self, request: Request) -> None:
        self.host_url = "https://api.vercel.com"
        self.path = request.path
        self.method = request.method.lower()
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "").partition(";")[0]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(list(request.headers.items()))
        )


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return described


@cache
def _description() -> OpenAPI:
    # It is not valid itself (enums name things twice), which is not what we hold requests against.
    return OpenAPI.from_dict(_described(), config=Config(spec_validator_cls=None))


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
