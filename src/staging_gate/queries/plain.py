"""Domain objects as plain JSON values, for the API and `--json`."""

import dataclasses
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any


def plain(value: Any) -> Any:
    """Dataclasses become maps, moments ISO 8601 in UTC, days and times of day ISO 8601, lengths seconds; enumerations
    are strings already."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value
