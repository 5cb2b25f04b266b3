"""Vercel as an installation reaches it: its token, and its address."""

from pathlib import Path

import pytest

from staging_gate.adapters.clock import SystemClock
from staging_gate.bootstrap.adapters import _vercel
from staging_gate.bootstrap.settings import BadSetting, Settings
from staging_gate.ports.errors import Refused
from staging_gate.testing.vercel import TOKEN
from tests.adapters.vercel.connecting import TARGET, There


def bound(there: There, tmp_path: Path, key: str) -> str | None:
    environ = {"GATE_STATE": str(tmp_path / "state"), "GATE_VERCEL_KEY": key, "GATE_VERCEL_API": there.vercel.address}
    return _vercel(Settings.read(environ), SystemClock()).reachable(TARGET)


def test_the_token_is_given_or_named(there: There, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")

    assert bound(there, tmp_path, TOKEN) is None
    assert bound(there, tmp_path, f"file:{secret}") is None
    with pytest.raises(Refused, match="GATE_VERCEL_KEY is env:NOT_SET_ANYWHERE, but NOT_SET_ANYWHERE is not set where"):
        bound(there, tmp_path, "env:NOT_SET_ANYWHERE")


def test_an_address_that_is_none() -> None:
    with pytest.raises(BadSetting, match="GATE_VERCEL_API is 'vercel'; an address such as https://gate.example.com is"):
        Settings.read({"GATE_VERCEL_API": "vercel"})
