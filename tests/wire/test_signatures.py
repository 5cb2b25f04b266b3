"""Signatures: the vectors that the providers publish verify, and fail when any one bit is another."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from staging_gate.wire.signatures import SCHEMES, BadSignature, Headers, Signed, digest

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENT = datetime.fromtimestamp(1614265330, UTC)

GITHUB = {
    b"x-hub-signature-256": b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    b"x-github-delivery": b"72d3162e-cc78-11e3-81ab-4c9367dc0958",
    b"x-github-event": b"push",
}
"""https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation"""
GITHUB_SECRET, GITHUB_BODY = b"It's a Secret to Everybody", b"Hello, World!"

RENDER = {
    b"webhook-id": b"msg_p5jXN8AQM9LWM0D4loKWxJek",
    b"webhook-timestamp": b"1614265330",
    b"webhook-signature": b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""https://github.com/standard-webhooks/standard-webhooks"""
RENDER_SECRET, RENDER_BODY = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'

VERCEL = {b"x-vercel-signature": b"87fc59ddf3bf1bf24ee343bfd063ab4ce49dee83"}
VERCEL_SECRET = b"keyboard cat"
VERCEL_BODY = b'{"id":"hook_1","type":"deployment.succeeded","createdAt":1700000000000}'


def verify(provider: str, headers: Headers, body: bytes, *secrets: bytes, at: datetime = SENT) -> Signed:
    return SCHEMES[provider](headers, body, secrets, at)


def test_githubs_own_vector() -> None:
    signed = verify("github", GITHUB, GITHUB_BODY, GITHUB_SECRET)
    assert signed == Signed("72d3162e-cc78-11e3-81ab-4c9367dc0958", "push")


def test_the_vector_of_standard_webhooks() -> None:
    assert verify("render", RENDER, RENDER_BODY, RENDER_SECRET) == Signed("msg_p5jXN8AQM9LWM0D4loKWxJek", "")


def test_vercel_names_a_delivery_in_its_body() -> None:
    assert verify("vercel", VERCEL, VERCEL_BODY, VERCEL_SECRET) == Signed("hook_1", "deployment.succeeded")


VECTORS = [
    ("github", GITHUB, b"x-hub-signature-256", GITHUB_BODY, GITHUB_SECRET),
    ("render", RENDER, b"webhook-signature", RENDER_BODY, RENDER_SECRET),
    ("vercel", VERCEL, b"x-vercel-signature", VERCEL_BODY, VERCEL_SECRET),
]


@pytest.mark.parametrize(("provider", "headers", "name", "body", "secret"), VECTORS)
def test_one_bit_that_is_another_is_noticed(
    provider: str, headers: Headers, name: bytes, body: bytes, secret: bytes
) -> None:
    for other in flipped(body):
        with pytest.raises(BadSignature, match="does not fit"):
            verify(provider, headers, other, secret)
    for other in flipped(headers[name]):
        with pytest.raises(BadSignature):
            verify(provider, {**headers, name: other}, body, secret)


def flipped(text: bytes) -> Sequence[bytes]:
    """The text with each of its bits the other way, one at a time."""
    return [text[:i] + bytes([text[i] ^ 1 << bit]) + text[i + 1 :] for i in range(len(text)) for bit in range(8)]


@pytest.mark.parametrize(("provider", "headers", "name", "body", "secret"), VECTORS)
def test_a_new_secret_beside_the_old_one(
    provider: str, headers: Headers, name: bytes, body: bytes, secret: bytes
) -> None:
    assert verify(provider, headers, body, b"new", secret) == verify(provider, headers, body, secret)
    with pytest.raises(BadSignature, match="another secret"):
        verify(provider, headers, body, b"new")


@pytest.mark.parametrize(("provider", "headers", "name", "body", "secret"), VECTORS)
def test_one_that_is_not_signed(provider: str, headers: Headers, name: bytes, body: bytes, secret: bytes) -> None:
    for given in ({}, {**headers, name: b""}, {**headers, name: b"sha256="}, {**headers, name: b"v2,abc"}):
        with pytest.raises(BadSignature):
            verify(provider, given, body, secret)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_render_is_not_believed_after_five_minutes(minutes: int) -> None:
    with pytest.raises(BadSignature, match="more than 5 minutes ago, or the clocks differ"):
        verify("render", RENDER, RENDER_BODY, RENDER_SECRET, at=SENT + timedelta(minutes=minutes))
    assert verify("render", RENDER, RENDER_BODY, RENDER_SECRET, at=SENT + timedelta(minutes=minutes * 4 / 6))


def test_render_may_send_several_signatures() -> None:
    several = {**RENDER, b"webhook-signature": b"v1,AAAA v2,whatever " + RENDER[b"webhook-signature"]}
    assert verify("render", several, RENDER_BODY, RENDER_SECRET)


@pytest.mark.parametrize("sent", [b"", b"soon", b"-1", b"9" * 40])
def test_a_time_that_is_none(sent: bytes) -> None:
    with pytest.raises(BadSignature, match="no number of seconds"):
        verify("render", {**RENDER, b"webhook-timestamp": sent}, RENDER_BODY, RENDER_SECRET)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": 7, "type": {}}', b"\xff\xfe", b"[" * 100_000])
def test_an_odd_shape_is_no_reason_to_refuse(body: bytes) -> None:
    import hmac

    headers = {b"x-vercel-signature": hmac.digest(VERCEL_SECRET, body, "sha1").hex().encode()}
    assert verify("vercel", headers, body, VERCEL_SECRET) == Signed(digest(body), "")
