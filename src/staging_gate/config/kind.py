"""What a kind of value is: how it is read, what is asked for when it is not that, and its JSON Schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from staging_gate.config.tree import found, quoted


class Unfit(Exception):
    """The value is not of its kind. `instead` says what was found in other words, `hint` what to do."""

    def __init__(self, hint: str = "", instead: str = "") -> None:
        super().__init__(hint)
        self.hint, self.instead = hint, instead


@dataclass(frozen=True, eq=False)
class Kind:
    """`wanted` completes the sentence "wanted ...". `write` turns a value back into what a person would write."""

    wanted: str
    read: Callable[[object], object]
    schema: Mapping[str, object]
    write: Callable[[Any], object] = field(default=lambda value: value)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        writing = core_schema.plain_serializer_function_ser_schema(self.write, when_used="json")
        return core_schema.no_info_plain_validator_function(self._read, serialization=writing)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"title": self.wanted, **self.schema}

    def _read(self, value: object) -> object:
        try:
            return self.read(value)
        except Unfit as unfit:
            text = f"wanted {self.wanted}, found {unfit.instead or found(value)}"
            raise PydanticCustomError(
                "unfit", "{text}", {"text": "; ".join(filter(None, (text, unfit.hint)))}
            ) from None


def did_you_mean(name: str, known: list[str]) -> str:
    """A question with the nearest known name, or nothing."""
    near = nearest(name, known)
    return f"did you mean {quoted(near)}?" if near else ""


def nearest(name: str, known: list[str]) -> str:
    """The known name that looks most like it, or nothing."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else ""
