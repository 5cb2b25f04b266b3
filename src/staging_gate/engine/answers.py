"""What a step said, as JSON: the same whether it was just done or is read back after a crash, also where it failed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from staging_gate.ports.errors import Denied, OutsideError, Refused, Stopped, Unavailable, Unclear

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

_OUTSIDE: dict[str, type[OutsideError]] = {
    "denied": Denied,  # before what it is a kind of
    "refused": Refused,
    "unavailable": Unavailable,
    "unclear": Unclear,
    "stopped": Stopped,
}


class StepErrored(Exception):
    """A step broke in a way that is nobody's answer: our machine did. The text names the step and what happened."""


class StepsChanged(StepErrored):
    """The procedure is not the one that began this run: a step was inserted, removed or renamed before where it was."""


def answered(value: Any) -> dict[str, Any]:
    """The record of a value; raises TypeError where it is not JSON and would come back as something else."""
    _check(value, "it")
    return {"value": value}


def failed(step: str, error: Exception) -> dict[str, Any]:
    """The record of an exception. Only those of ports.errors keep their kind; all others become StepErrored."""
    for kind, outside in _OUTSIDE.items():
        if isinstance(error, outside):
            said = {"message": storable(error.message), "evidence": storable(error.evidence)}
            return {"error": kind, **said, **_retry_after(error)}
    return {"error": "broke", "message": storable(f"The step {step!r} broke: {type(error).__name__}: {error}")}


def value_of(record: Mapping[str, Any]) -> Any:
    """What the step returned; raises what it raised."""
    kind = record.get("error")
    if kind is None:
        return record["value"]
    if kind == "unavailable":
        raise Unavailable(record["message"], record["evidence"], record["retry_after"])
    if kind in _OUTSIDE:
        raise _OUTSIDE[kind](record["message"], record["evidence"])
    raise StepErrored(record["message"])


def storable(text: str) -> str:
    """Text as both databases take it: what programs print may hold NUL, or bytes that are no UTF-8."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _retry_after(error: OutsideError) -> dict[str, float | None]:
    return {"retry_after": error.retry_after} if isinstance(error, Unavailable) else {}


def _check(value: Any, where: str) -> None:
    # Exact types: a subclass or a tuple would come back as something else than what was returned.
    if value is None or type(value) in (bool, int):
        return
    if type(value) is str and storable(value) == value:
        return
    if type(value) is float and math.isfinite(value):
        return
    if type(value) is list:
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
        return
    if type(value) is dict and all(type(key) is str and storable(key) == key for key in value):
        for key, item in value.items():
            _check(item, f"{where}[{key!r}]")
        return
    raise TypeError(
        f"a step returns JSON (None, bool, int, finite float, str without NUL, list, dict with str keys), "
        f"but {where} is {value!r} ({type(value).__name__})"
    )
