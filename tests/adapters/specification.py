"""A provider's OpenAPI description and recorded traffic, where STAGING_GATE_PROVIDERS or ../shared/providers has them.

They are no part of this repository; what needs them is not collected where they are not.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from staging_gate.testing.web import Request

PROVIDERS = Path(os.environ.get("STAGING_GATE_PROVIDERS") or Path(__file__).parents[3] / "shared" / "providers")
PARSED = "parsed"
NOT_READ = "not read by this adapter"


@dataclass
class Examination:
    """`faults` are the requests that are not as the description at `path` says; `base` is the address that it is for,
    `not_in_it` are the methods and paths that it does not know. The same request is looked at once; nothing is found
    where there is no description."""

    path: Path
    base: str
    not_in_it: str = ""
    faults: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str, bytes]] = field(default_factory=set)

    def look(self, request: Request) -> None:
        if not self.path.exists() or re.fullmatch(self.not_in_it, f"{request.method} {request.path}"):
            return
        asked = (request.method, request.path, str(sorted(request.query.items())), request.body)
        if asked in self.seen:
            return
        self.seen.add(asked)
        try:
            _description(self.path).validate_request(_Described(request, self.base))
        except OpenAPIError as error:
            causes = getattr(error.__cause__, "schema_errors", ())
            why = "; ".join(one.message for one in causes) or f"{error} {error.__cause__ or ''}"
            self.faults.append(f"{request.method} {request.path}: {why}")


class _Described:
    """A request as openapi-core wants to see it."""

    def __init__(self, request: Request, base: str) -> None:
        self.host_url = base
        self.path = request.path
        self.method = request.method.lower()
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "").partition(";")[0]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(list(request.headers.items()))
        )


@cache
def _description(path: Path) -> OpenAPI:
    # Vercel's is not valid itself (enums name things twice), which is not what we hold requests against.
    return OpenAPI.from_dict(json.loads(path.read_text()), config=Config(spec_validator_cls=None))


# --- what was recorded -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """What came of all recordings of one kind: `ends` are `parsed`, NOT_READ, or the reason why one was refused."""

    provider: str
    ends: Counter[str]

    @property
    def refused(self) -> dict[str, int]:
        return {end: count for end, count in self.ends.items() if end not in (PARSED, NOT_READ)}

    def __str__(self) -> str:
        reasons = "; ".join(f"{count} x {why}" for why, count in self.refused.items()) or "-"
        counts = (self.ends.total(), self.ends[PARSED], self.ends[NOT_READ], sum(self.refused.values()))
        return f"{self.provider:20}" + "".join(f"{count:>10}" for count in counts) + f"  {reasons}"


HEAD = f"{'provider':20}{'recorded':>10}{'parsed':>10}{'not read':>10}{'refused':>10}  reasons"
TALLIES = pytest.StashKey[list[Tally]]()


def tell(config: pytest.Config, provider: str, ends: Counter[str]) -> Tally:
    """To be shown at the end of the run, added to what was told of the same before."""
    config.stash.setdefault(TALLIES, []).append(Tally(provider, ends))
    return Tally(provider, ends)


def recordings(provider: str) -> list[list[dict[str, Any]]]:
    """All of its calls as one list; nothing where they are not at hand."""
    path = PROVIDERS / provider / "recorded-traffic.jsonl"
    return [[json.loads(line) for line in path.read_text().splitlines()]] if path.exists() else []


def payloads(provider: str) -> list[list[bytes]]:
    """All recorded webhooks as one list; nothing where they are not at hand."""
    found = sorted((PROVIDERS / provider / "webhook-payloads").glob("*.json"))
    return [[path.read_bytes() for path in found]] if found else []


def ends_of(calls: list[Any], read: Callable[[Any], str]) -> Counter[str]:
    return Counter(map(read, calls))
