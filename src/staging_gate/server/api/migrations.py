"""What the proof of migrations found."""

from typing import Any

from fastapi import APIRouter

from staging_gate.queries import migrations as query
from staging_gate.queries.plain import plain
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["migrations"])


@router.get("/migrations/{subject}")
def show(house: InHouse, by: By, subject: str) -> Any:
    """The reports about the code of a change (`12`) or a release (`v1.4.0`), one for each service with a schema."""
    return plain(query.view(house.ports, subject))
