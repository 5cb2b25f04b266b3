"""Column types that hold our own words, so that a row reads back as what was written."""

from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import JSON, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from staging_gate.domain.way_back import Loss

E = TypeVar("E", bound=StrEnum)


def printable(text: str) -> str:
    """Text that both databases take: programs print NUL and broken Unicode, and Postgres refuses a row for them."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")


class Words(TypeDecorator[str]):
    """Text from outside: of people, programs and providers."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else printable(value)


class OneOf(TypeDecorator[E]):
    """One word of an enumeration."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)


class Texts(TypeDecorator[tuple[str, ...]]):
    """A few short texts, in order."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> list[str] | None:
        return None if value is None else list(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value)


class Losses(TypeDecorator[tuple[Loss, ...]]):
    """What a downgrade would throw away, in order."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[Loss, ...] | None, dialect: Dialect) -> list[dict[str, Any]] | None:
        return None if value is None else [vars(loss) for loss in value]

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[Loss, ...] | None:
        return None if value is None else tuple(Loss(**loss) for loss in value)
