"""GitHub's OpenAPI description and recorded traffic, where STAGING_GATE_PROVIDERS or ../shared/providers has them."""

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from staging_gate.testing.web import Request

PROVIDERS = Path(os.environ.get("STAGING_GATE_PROVIDERS") or Path(__file__).parents[4] / "shared" / "providers")
DESCRIPTION = PROVIDERS / "github" / "api.github.com.slice.openapi.json"
TRAFFIC = PROVIDERS / "github" / "recorded-traffic.jsonl"

NOT_IN_THE_SLICE = re.compile(
    r"GET /(repos/[^/]+/[^/]+/(activity|actions/permissions/workflow|issues/\d+)|users/[^/]+|app/hook/deliveries/\d+)"
    r"|(GET|PATCH) /app/hook/config"
)
"""Calls that GitHub has and that the part of its description at hand leaves out."""

WITH_SLASHES = re.compile(r"(/repos/[^/]+/[^/]+/git/(?:refs|ref|matching-refs)/)(.+)")
"""GitHub takes the rest of such a path as it is; OpenAPI has no word for that."""


@dataclass
class Examination:
    """`faults` are the requests that are not as the description says."""

    description: OpenAPI | None = None
    faults: list[str] = field(default_factory=list)
    seen: int = 0

    def look(self, request: Request) -> None:
        path = request.path.removeprefix("/api/v3")
        if self.description is None or NOT_IN_THE_SLICE.fullmatch(f"{request.method} {path}"):
            return
        self.seen += 1
        try:
            self.description.validate_request(_Described(request, path))
        except OpenAPIError as error:
            causes = getattr(error.__cause__, "schema_errors", ())
            why = "; ".join(one.message for one in causes) or f"{error} {error.__cause__ or ''}"
            self.faults.append(f"{request.method} {path}: {why}")


class _Described:
    """A request as openapi-core wants to see it."""

    def __init__(self, request: Request, path: str) -> None:
        found = WITH_SLASHES.fullmatch(path)
        self.host_url = "https://api.github.com"
        self.path = found[1] + quote(found[2], safe="%") if found else path
        self.method = request.method.lower()
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "").partition(";")[0]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(list(request.headers.items()))
        )


def examination() -> Examination:
    return Examination(_description())


@cache
def _description() -> OpenAPI | None:
    if not DESCRIPTION.exists():
        return None
    return OpenAPI.from_dict(json.loads(DESCRIPTION.read_text()))


def examinations() -> list[Examination]:
    """One, or none where there is no description: it is no part of this repository."""
    return [examination()] if DESCRIPTION.exists() else []


def recordings() -> list[list[dict[str, Any]]]:
    """All calls, each with method, url, request_json, status, headers and body; nothing where they are not at hand."""
    return [[json.loads(line) for line in TRAFFIC.read_text().splitlines()]] if TRAFFIC.exists() else []
