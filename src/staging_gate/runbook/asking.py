"""Asking an outside whose answer can get lost."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from staging_gate.ports.errors import Unclear

P = ParamSpec("P")
R = TypeVar("R")


def surely(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The answer of an outside. Where it was lost, ask once more: acting calls of our ports look before they act."""
    try:
        return do(*args, **kwargs)
    except Unclear:
        return do(*args, **kwargs)
