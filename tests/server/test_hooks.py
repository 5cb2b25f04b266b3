"""Webhooks: verified, stored before they are answered, looked at later; whatever is sent, nothing breaks."""

import asyncio
import hmac
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staging_gate.domain.delivery import Delivery
from staging_gate.ports.errors import Unavailable
from staging_gate.server.hooks import GroupCommit, Intake
from staging_gate.server.hooks.intake import LARGEST_ELSE
from staging_gate.testing import eventually
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.serving import Served, running_server
from staging_gate.wire.api import Api, ApiProblem

SECRET = b"a secret"
PUSH = b'{"ref": "refs/heads/staging"}'


def signed(body: bytes, key: str = "delivery-1", secret: bytes = SECRET) -> dict[str, str]:
    return {
        "X-Hub-Signature-256": f"sha256={hmac.digest(secret, body, 'sha256').hex()}",
        "X-GitHub-Delivery": key,
        "X-GitHub-Event": "push",
    }


# --- the intake itself -------------------------------------------------------------------------------------------


@dataclass
class Sent:
    """What the application sends back."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def text(self) -> str:
        return bytes(self.messages[1]["body"]).decode()


@dataclass
class Post:
    """Gives an intake requests, as a server would. `kept` has each commit's deliveries."""

    broken: bool = False
    kept: list[list[Delivery]] = field(default_factory=list)
    heard: int = 0

    def __post_init__(self) -> None:
        secrets = {"github": (SECRET,), "vercel": (SECRET,)}
        self.intake = Intake(secrets, GroupCommit(self.keep), MovableClock(), self.hear)

    def keep(self, deliveries: Sequence[Delivery]) -> None:
        if self.broken:
            raise Unavailable("The disk is full.")
        self.kept.append(list(deliveries))

    def hear(self) -> None:
        self.heard += 1

    async def send(
        self, parts: Sequence[bytes], headers: dict[str, str], provider: str = "github", method: str = "POST"
    ) -> Sent:
        sent, waiting = Sent(), list(parts)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

        async def receive() -> dict[str, Any]:
            if not waiting:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        await self.intake({"path": f"/hooks/{provider}", "method": method, "headers": raw}, receive, sent)
        return sent

    def one(self, body: bytes, headers: dict[str, str], provider: str = "github", method: str = "POST") -> Sent:
        return asyncio.run(self.send([body], headers, provider, method))


def test_a_delivery_is_kept_as_it_was_signed() -> None:
    post = Post()
    sent = post.one(PUSH, signed(PUSH))
    assert (sent.status, sent.text, post.heard) == (202, "", 1)
    assert post.kept == [[Delivery("github", "delivery-1", "push", MovableClock().now(), PUSH)]]


def test_a_body_in_many_parts_is_one() -> None:
    post = Post()
    sent = asyncio.run(post.send([PUSH[:5], b"", PUSH[5:]], signed(PUSH)))
    assert sent.status == 202
    assert post.kept[0][0].body == PUSH


def test_those_of_one_turn_are_one_commit() -> None:
    post = Post()

    async def at_once() -> list[Sent]:
        return await asyncio.gather(*(post.send([PUSH], signed(PUSH, str(n))) for n in range(7)))

    assert {sent.status for sent in asyncio.run(at_once())} == {202}
    assert [len(group) for group in post.kept] == [7]


@pytest.mark.parametrize(("turns", "groups"), [(3, [4]), (30, [9, 9, 9, 4])])
def test_those_of_turns_that_follow_on_each_other_are_one_commit_but_nobody_waits_for_ever(
    turns: int, groups: list[int]
) -> None:
    post = Post()

    async def one_after_the_other() -> None:
        sending = []
        for number in range(turns + 1):
            sending.append(asyncio.create_task(post.send([PUSH], signed(PUSH, str(number)))))
            await asyncio.sleep(0)
        await asyncio.gather(*sending)

    asyncio.run(one_after_the_other())
    assert [len(group) for group in post.kept] == groups


def test_on_a_slow_disk_the_next_ones_gather_while_one_commit_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []

    async def waves() -> None:
        loop = asyncio.get_running_loop()
        moments = itertools.count(0, 0.01)
        monkeypatch.setattr(loop, "time", lambda: next(moments))
        group = GroupCommit(lambda deliveries: kept.append(len(deliveries)))
        for n in range(3):
            await group.keep(delivery(n))
        first = [asyncio.create_task(group.keep(delivery(n))) for n in range(3, 5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the commit of these two is under way
        await asyncio.gather(*first, *(group.keep(delivery(n)) for n in range(5, 9)))

    asyncio.run(waves())
    assert kept == [1, 1, 1, 2, 4]


@pytest.mark.parametrize("slow", [0, 3])
def test_who_could_not_be_stored_hears_it(slow: int) -> None:
    def full(_: Sequence[Delivery]) -> None:
        raise Unavailable("The disk is full.")

    group = GroupCommit(full)
    group._slow = slow
    with pytest.raises(Unavailable):
        asyncio.run(group.keep(delivery(1)))


def delivery(number: int) -> Delivery:
    return Delivery("github", str(number), "push", datetime(2026, 11, 23, tzinfo=UTC), PUSH)


def test_what_can_not_be_stored_is_to_be_sent_again() -> None:
    post = Post(broken=True)
    sent = post.one(PUSH, signed(PUSH))
    assert (sent.status, sent.text) == (503, "It could not be stored. Send it again.\n")
    assert (b"retry-after", b"10") in sent.messages[0]["headers"]
    assert post.heard == 0


WRONG = [
    ("github", "POST", {}, 401, "The header x-hub-signature-256 is needed: give the webhook a secret."),
    ("github", "POST", signed(PUSH, secret=b"other"), 401, "The signature does not fit: it was made with another"),
    ("github", "GET", signed(PUSH), 405, "Deliveries come by POST."),
    ("render", "POST", {}, 404, "No secret is set up for render: GATE_HOOK_RENDER."),
    ("gitlab", "POST", {}, 404, "There are hooks for github, render, vercel."),
    ("vercel", "POST", {"Content-Length": str(LARGEST_ELSE + 1)}, 413, "At most 1 MiB."),
    ("vercel", "POST", {"Content-Length": "many"}, 413, "At most 1 MiB."),
]


@pytest.mark.parametrize(("provider", "method", "headers", "status", "text"), WRONG)
def test_what_is_not_taken(provider: str, method: str, headers: dict[str, str], status: int, text: str) -> None:
    post = Post()
    sent = post.one(PUSH, headers, provider, method)
    assert sent.status == status
    assert sent.text.startswith(text)
    assert (post.kept, post.heard) == ([], 0)


def test_a_body_that_does_not_say_how_long_it_is() -> None:
    parts = [bytes(LARGEST_ELSE // 2)] * 3
    assert asyncio.run(Post().send(parts, {}, "vercel")).status == 413


def test_a_client_that_goes_away_in_the_middle() -> None:
    post = Post()
    sent = asyncio.run(post.send([], signed(PUSH)))
    assert (sent.status, post.kept) == (400, [])


def test_too_much_at_once_is_to_be_sent_again() -> None:
    post = Post()
    post.intake._in_flight = 100 * 1024 * 1024
    assert post.one(PUSH, signed(PUSH)).status == 503
    assert post.intake._in_flight == 100 * 1024 * 1024


@given(
    provider=st.sampled_from(["github", "render", "vercel", "", "../api", "github/"]),
    method=st.sampled_from(["POST", "GET", "PUT", "HEAD"]),
    headers=st.dictionaries(
        st.sampled_from(
            ["content-length", "x-hub-signature-256", "x-github-delivery", "webhook-id", "webhook-timestamp"]
            + ["webhook-signature", "x-vercel-signature"]
        ),
        st.text(st.characters(codec="ascii"), max_size=80),
    ),
    body=st.binary(max_size=300),
)
def test_whatever_strangers_send_nothing_breaks(
    provider: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    post = Post()
    assert post.one(body, headers, provider, method).status in (400, 401, 404, 405, 413)
    assert post.kept == []


@given(body=st.binary(max_size=300) | st.text().map(lambda text: json.dumps({"id": text, "type": text}).encode()))
def test_whatever_providers_send_is_kept(body: bytes) -> None:
    post = Post()
    assert post.one(body, signed(body)).status == 202
    headers = {"X-Vercel-Signature": hmac.digest(SECRET, body, "sha1").hex()}
    assert post.one(body, headers, "vercel").status == 202


# --- through the whole server ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("state"), hook_secrets={"github": (SECRET,)}) as served:
        yield served


def post(served: Served, body: bytes, headers: dict[str, str], provider: str = "github") -> int:
    request = urllib.request.Request(f"{served.address}/hooks/{provider}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_from_outside_to_the_list_of_what_came(hooked: Served) -> None:
    assert post(hooked, PUSH, signed(PUSH)) == 202
    assert post(hooked, PUSH, signed(PUSH)) == 202
    assert post(hooked, PUSH, signed(PUSH, secret=b"other")) == 401
    assert post(hooked, PUSH, {}, "vercel") == 404

    admin = Api(hooked.address, hooked.token)
    eventually(lambda: admin.get("/hooks")[0]["settled_at"])
    [one] = admin.get("/hooks")
    assert (one["provider"], one["event"], one["key"]) == ("github", "push", "delivery-1")
    assert admin.get("/hooks/github/delivery-1")["body"] == PUSH.decode()
    with pytest.raises(ApiProblem, match="There is no delivery 'other' of github. `gate hooks list` shows"):
        admin.get("/hooks/github/other")
    [found] = [one for one in admin.get("/doctor") if one["what"] == "webhooks of github"]
    assert found["ok"]
    assert "ago, none waits; we looked by ourselves " in found["found"]
