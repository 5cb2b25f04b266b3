"""What we asked a provider for stays known: to whoever comes after a kill, and to an earlier version of ours."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from staging_gate.domain.environment import Environment
from staging_gate.wire import journal


@dataclass(frozen=True)
class Asked:
    id: str
    live_at: str | None = None


@dataclass(frozen=True)
class Journal(journal.Journal[Asked]):
    kind = Asked


def opened(folder: Path) -> Journal:
    return Journal.of(folder, Environment.STAGING, "api")


def test_each_service_of_an_environment_has_its_own(tmp_path: Path) -> None:
    opened(tmp_path).put("staging-1", Asked("dep-1"))

    assert opened(tmp_path).get("staging-1") == Asked("dep-1")
    assert Journal.of(tmp_path, Environment.STAGING, "web").all() == {}
    assert Journal.of(tmp_path, Environment.PRODUCTION, "api").all() == {}


def test_what_was_live_last_is_kept_beside_what_is_asked_for(tmp_path: Path) -> None:
    known = opened(tmp_path)
    for number in range(1, 5):
        known.put(f"staging-{number}", Asked(f"dep-{number}"))
    known.put("staging-2", replace(Asked("dep-2"), live_at="2026-11-24T10:00:00+00:00"))
    known.put("staging-1", replace(Asked("dep-1"), live_at="2026-11-24T09:00:00+00:00"))

    known.keep({"staging-4"})

    assert list(known.all()) == ["staging-2", "staging-4"]


def test_a_later_version_wrote_more(tmp_path: Path) -> None:
    known = opened(tmp_path)
    known.put("staging-1", Asked("dep-1"))
    known.path.write_text(json.dumps({"staging-1": {"id": "dep-1", "live_at": None, "canary": 5}}))

    assert known.get("staging-1") == Asked("dep-1")
