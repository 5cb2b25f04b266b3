"""Whoever waits for a provider is told of what its webhooks brought, until that is settled."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from staging_gate.domain.delivery import Delivery
from staging_gate.runbook import hearing
from staging_gate.store import SqliteInbox
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.world import World

AT = MovableClock().now()


@dataclass
class Hearer:
    said: list[bytes] = field(default_factory=list)

    def heard(self, body: bytes) -> None:
        self.said.append(body)


def test_hints_are_passed_on_until_they_are_settled(world: World, tmp_path: Path) -> None:
    inbox, render = SqliteInbox(tmp_path / "inbox.db"), Hearer()
    ports = replace(world.ports, hearers={"render": render})
    inbox.keep(
        [
            Delivery("render", "1", "deploy_started", AT, b"{}"),
            Delivery("github", "1", "push", AT, b"{}"),
            Delivery("render", "2", "deploy_ended", AT, b"not even JSON"),
            Delivery("render", "3", "something_large", AT, b"x" * 70_000),
        ]
    )

    hearing.wake(ports, inbox)
    hearing.look_again(ports, inbox)
    assert render.said == [b"{}", b"not even JSON", b""] * 2

    hearing.look_again(ports, inbox)
    assert len(render.said) == 6
    inbox.close()
