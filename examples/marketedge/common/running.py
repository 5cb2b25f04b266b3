"""Which release this process is, as whoever started it says."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Running:
    environment: str
    revision: str
    release: str

    def as_dict(self) -> dict[str, str]:
        return {"environment": self.environment, "revision": self.revision, "release": self.release}


def running(environ: Mapping[str, str]) -> Running:
    return Running(
        environment=environ.get("ENVIRONMENT", "development"),
        revision=environ.get("REVISION", ""),
        release=environ.get("RELEASE", ""),
    )
