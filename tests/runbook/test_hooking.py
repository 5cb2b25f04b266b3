"""The webhook that `gate github setup` makes at GitHub, and what `check` and `doctor` say of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from staging_gate.adapters import github as adapter
from staging_gate.adapters.github.webhooks import EVENTS, OF_APPS
from staging_gate.messages import webhook as words
from staging_gate.ports import Ports
from staging_gate.runbook import hooking, protecting
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.delivering import config, hook
from staging_gate.testing.web import Fault, Reply
from staging_gate.testing.world import World
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import QUICK, TOKEN, github_stand_in

US = "https://gate.example.com"
ADDRESS = f"{US}/hooks/github"
SECRET = "a secret that nobody is shown"
LAST = {"code": 200, "status": "active", "message": "OK"}


@pytest.fixture
def github(tmp_path: Path, world: World) -> Iterator[GitHubStandIn]:
    with github_stand_in(tmp_path, world.clock) as stand_in:
        commit(stand_in.host.path, "main", {"a": "1"})
        commit(stand_in.host.path, "staging", {"a": "2"}, "feat: a", "main")
        yield stand_in


@pytest.fixture
def ports(github: GitHubStandIn, world: World) -> Ports:
    """With a token."""
    return connected(github, world, token=TOKEN)


@pytest.fixture
def as_app(github: GitHubStandIn, world: World) -> Ports:
    github.rights["administration"] = "write"
    key = generate_private_key(65537, 2048)
    github.app_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return connected(github, world, app="Iv23liABC", key=pem)


def connected(github: GitHubStandIn, world: World, address: str = US, secret: str = SECRET, **signed: str) -> Ports:
    settings = adapter.Settings(github.name, api=github.api, limits=QUICK, **signed)  # type: ignore[arg-type]
    connection = adapter.connect(settings, world.clock)
    webhooks = adapter.GitHubWebhooks(connection.calls, connection.sign_in, address, secret.encode())
    protection = adapter.GitHubProtection(connection.calls, connection.sign_in)
    return replace(world.ports, protection=protection, webhooks=webhooks)


def plan(ports: Ports, world: World, *, remove: bool = False) -> protecting.Plan:
    return protecting.plan(ports, world.person("root"), remove=remove)


def set_up(ports: Ports, world: World, *, remove: bool = False) -> protecting.Plan:
    return protecting.set_up(ports, world.person("root"), plan(ports, world, remove=remove).seen, remove=remove)


def of_hook(plan: protecting.Plan) -> dict[str, dict[str, tuple[str, str]]]:
    """What would change, by the step."""
    steps = [one for one in plan.steps if one.name.startswith("webhook")]
    return {f"{one.kind} {one.name}": {it.what: (it.now, it.then) for it in one.differences} for one in steps}


def codes(ports: Ports, world: World) -> list[str]:
    shown = protecting.check(ports, world.person("root"))
    return [one.code.removeprefix("webhook_") for one in shown if one.place == "webhook"]


def test_it_is_made_with_the_rules_and_once(github: GitHubStandIn, ports: Ports, world: World) -> None:
    assert codes(ports, world) == ["missing"]
    shown = of_hook(plan(ports, world))["create webhook"]
    assert shown["sends to"] == ("", ADDRESS)
    assert shown["tells of"] == ("", ", ".join(sorted(EVENTS)))
    assert shown["secret"] == ("", "set")
    assert github.delivering.hooks == {}

    done = set_up(ports, world)

    [made] = github.delivering.hooks.values()
    assert made["config"] == config(ADDRESS, SECRET)
    assert (made["active"], frozenset(made["events"])) == (True, EVENTS)
    assert of_hook(plan(ports, world)) == {"leave webhook": {}}
    assert set_up(ports, world).is_done
    assert len(github.asked_for("POST", "/hooks$")) == 1
    assert codes(ports, world) == []
    assert SECRET not in repr(done) + repr(plan(ports, world)) + repr(ports.webhooks)
    with world.store.reading() as tx:
        record = tx.audit_log.about("github")
    assert SECRET not in repr(record)
    assert "create webhook" in repr(record)


def test_one_of_our_address_is_corrected(github: GitHubStandIn, ports: Ports, world: World) -> None:
    bad: dict[str, Any] = {"active": False, "config": {"url": ADDRESS, "content_type": "form", "insecure_ssl": "1"}}
    other = hook("https://ci.example.com/", "theirs")
    github.delivering.hooks = {5: other, 7: hook(ADDRESS, events=["push", "fork"], **bad)}
    assert codes(ports, world) == ["inactive", "events", "form", "insecure", "no_secret"]

    shown = of_hook(plan(ports, world))
    set_up(ports, world)

    assert shown["change webhook"].keys() == {"is", "tells of", "as", "our certificate", "secret"}
    assert github.delivering.hooks[5] == other
    ours = github.delivering.hooks[7]
    assert ours["config"] == config(ADDRESS, SECRET)
    assert (ours["active"], frozenset(ours["events"])) == (True, EVENTS | {"fork"})
    assert len(github.delivering.hooks) == 2
    assert of_hook(plan(ports, world)) == {"leave webhook": {}}


def test_one_that_tells_of_everything_goes_on_doing_so(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.delivering.hooks = {7: hook(ADDRESS, SECRET, events=["*"])}
    assert codes(ports, world) == []
    assert of_hook(plan(ports, world)) == {"leave webhook": {}}


def test_doubles_go(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.delivering.hooks = {9: hook(ADDRESS, "old"), 7: hook(ADDRESS, SECRET)}
    assert codes(ports, world) == ["doubled"]
    assert of_hook(plan(ports, world)) == {"leave webhook": {}, "remove webhook 9": {}}
    set_up(ports, world)
    assert list(github.delivering.hooks) == [7]


def test_it_is_removed(github: GitHubStandIn, ports: Ports, world: World) -> None:
    github.delivering.hooks = {5: hook("https://ci.example.com/"), 7: hook(ADDRESS, SECRET), 9: hook(ADDRESS)}
    set_up(ports, world)
    set_up(ports, world, remove=True)
    assert list(github.delivering.hooks) == [5]
    assert plan(ports, world, remove=True).is_done


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT])
def test_a_lost_reply_doubles_nothing(github: GitHubStandIn, ports: Ports, world: World, fault: Fault) -> None:
    github.has_trouble(Reply(201, b"{}", fault=fault), "POST", "/hooks$", done=True)
    assert not set_up(ports, world).problem
    assert len(github.delivering.hooks) == 1


def test_another_secret_is_seen_by_the_delivery_that_we_refused(
    github: GitHubStandIn, ports: Ports, world: World
) -> None:
    """GitHub never tells a secret. What is refused is sent again once it is signed as we want."""
    refused = {"code": 401, "status": "active", "message": "Invalid HTTP Response: 401"}
    github.delivering.hooks = {7: hook(ADDRESS, "another", last_response=refused)}
    github.delivering.sends("push", world.clock.now(), {"a": 1}, status=401)
    assert codes(ports, world) == ["secret_differs"]
    assert of_hook(plan(ports, world))["change webhook"] == {"secret": (words.ANOTHER, "set")}

    set_up(ports, world)

    assert github.delivering.hooks[7]["config"]["secret"] == SECRET
    assert [(one["status_code"], one["redelivery"]) for one in github.delivering.sent] == [(401, False), (202, True)]
    assert codes(ports, world) == []


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"code": None, "status": "unused", "message": None}, None),
        (LAST, None),
        ({**LAST, "code": 202}, None),
        ({"code": 502, "status": "active", "message": "Bad gateway"}, "was not taken: 502 Bad gateway."),
        ({"code": 0, "status": "timeout", "message": "timed out"}, "was not taken: timed out."),
        ({"code": None, "status": "misconfigured", "message": ""}, None),
    ],
)
def test_how_the_last_delivery_was_answered(
    github: GitHubStandIn, ports: Ports, world: World, last: dict[str, object], said: str | None
) -> None:
    github.delivering.hooks = {7: hook(ADDRESS, SECRET, last_response=last)}
    found = hooking.found(ports)
    assert [words.said(one).partition("GitHub ")[2] for one in found] == ([said] if said else [])
    assert of_hook(plan(ports, world)) == {"leave webhook": {}}


def test_without_a_secret_or_an_address_it_is_left_out(github: GitHubStandIn, world: World) -> None:
    no_secret = connected(github, world, secret="", token=TOKEN)
    assert plan(no_secret, world).notes[-1].startswith("No webhook is set up: there is no secret for it. Set GATE_HOOK")
    assert (of_hook(plan(no_secret, world)), codes(no_secret, world)) == ({}, [])

    no_address = connected(github, world, address="", token=TOKEN)
    assert "Set GATE_ADDRESS to where it reaches this server" in plan(no_address, world).notes[-1]
    assert codes(no_address, world) == ["no_address"]
    assert not set_up(no_address, world).problem
    assert (len(github.guard.rulesets), github.delivering.hooks) == (5, {})


def test_a_token_that_may_not_see_webhooks(github: GitHubStandIn, ports: Ports, world: World) -> None:
    """The rules are written all the same."""
    github.delivering.shown = False
    shown = plan(ports, world)
    assert "this needs one of: repository_hooks=read" in shown.notes[-1]
    assert "At GitHub: Settings, Webhooks, Add webhook:" in shown.by_hand
    assert "    secret: what GATE_HOOK_GITHUB holds" in shown.by_hand
    assert codes(ports, world) == ["unknown"]
    set_up(ports, world)
    assert len(github.guard.rulesets) == 5


# --- of an App -------------------------------------------------------------------------------------------------------


def test_an_app_has_its_own(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    assert codes(as_app, world) == ["elsewhere"]
    assert of_hook(plan(as_app, world)) == {
        "change webhook": {"sends to": ("https://else.example.com/", ADDRESS), "secret": ("none", "set")}
    }

    set_up(as_app, world)

    assert github.delivering.of_app == config(ADDRESS, SECRET)
    assert github.delivering.hooks == {}
    assert of_hook(plan(as_app, world)) == {"leave webhook": {}}
    assert codes(as_app, world) == []
    gone = plan(as_app, world, remove=True)
    assert of_hook(gone) == {}
    assert gone.notes[-1].startswith("The App's webhook stays, because every App has one.")


def test_what_only_a_person_can_change_of_an_app(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    github.delivering.of_app = config(ADDRESS, SECRET)
    github.delivering.app_events = sorted(EVENTS - {"status"})
    lacking = ", ".join(sorted({"status"} | OF_APPS))
    assert codes(as_app, world) == ["app_events"]
    assert f"The App is not subscribed to {lacking}." in plan(as_app, world).notes[-1]

    github.delivering.of_app = None
    assert codes(as_app, world) == ["app_missing"]
    assert "The App's webhook is switched off, which only a person can change" in plan(as_app, world).notes[-1]
    assert not set_up(as_app, world).problem


def test_another_secret_of_an_app(github: GitHubStandIn, as_app: Ports, world: World) -> None:
    github.delivering.of_app = config(ADDRESS, "another")
    github.delivering.sends("push", world.clock.now(), status=401)
    assert codes(as_app, world) == ["secret_differs"]
    set_up(as_app, world)
    assert github.delivering.of_app == config(ADDRESS, SECRET)
    assert codes(as_app, world) == []
