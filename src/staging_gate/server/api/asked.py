"""What is taken from outside: known fields, numbers that there can be, and text that can be kept."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=500)]
Since = Annotated[int, Query(ge=0, lt=2**63)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Field(max_length=10_000)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Asked(BaseModel):
    """The body of a request. An unknown field is refused: it is one that was mistyped."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:
        try:
            kept = can_be_kept(given)
        except RecursionError as error:
            raise PydanticCustomError("too_deep", "the body is nested too deeply") from error
        if not kept:
            raise PydanticCustomError("not_text", "a text holds a character that is none (zero, or half of a pair)")
        return given


def can_be_kept(value: Any) -> bool:
    """Whether all text in a JSON value is some: databases refuse zero characters, and UTF-8 halves of pairs."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(can_be_kept(key) and can_be_kept(item) for key, item in value.items())
    return not isinstance(value, list) or all(can_be_kept(item) for item in value)
