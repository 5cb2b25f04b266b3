"""A server whose code host is away."""

from pathlib import Path
from threading import Event

import pytest

from staging_gate.ports import Ports
from staging_gate.ports.errors import Unavailable
from staging_gate.ports.inbox import Inbox
from staging_gate.runbook import hearing, ticking
from staging_gate.testing import eventually
from staging_gate.testing.serving import running_server


def test_what_is_due_is_done_while_the_code_host_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = Event()

    def away(ports: Ports, inbox: Inbox) -> None:
        raise Unavailable("GitHub answered 503.")

    monkeypatch.setattr(hearing, "look_again", away)
    monkeypatch.setattr(ticking, "tick", lambda ports: done.set())

    with running_server(tmp_path):
        assert eventually(done.is_set)
