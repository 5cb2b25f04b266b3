"""The HTTP core against a real server that misbehaves."""

import gzip
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.web import Fault, Reply, Request, WebServer, json_reply
from staging_gate.wire.answers import Answer, Call, retry_after
from staging_gate.wire.http import Http, Limits, Provider

QUICK = Limits(connect=2, read=0.3, whole=0.6, largest=64 * 1024, tries=3, patience=20)
TOKEN = "ghp_averysecrettokenindeed"  # the shape of one


class Away:
    """A provider that answers with what is next in line, the last one for ever."""

    def __init__(self) -> None:
        self.script: list[Reply | Callable[[Request], Reply]] = []
        self.server = WebServer(self._answer)

    def says(self, *replies: Reply | Callable[[Request], Reply]) -> None:
        self.script = list(replies)

    def _answer(self, request: Request) -> Reply:
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return reply if isinstance(reply, Reply) else reply(request)

    @property
    def asked(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.server.asked]


class Token:
    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[0]}"}

    def refused(self) -> bool:
        return len(self.tokens) > 1 and bool(self.tokens.pop(0))


@pytest.fixture
def away() -> Iterator[Away]:
    away = Away()
    with away.server:
        yield away


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def calls() -> list[Call]:
    return []


@pytest.fixture
def http(away: Away, clock: MovableClock, calls: list[Call]) -> Iterator[Http]:
    http = Http(
        Provider("GitHub"), away.server.address, clock, credentials=Token(TOKEN), limits=QUICK, record=calls.append
    )
    yield http
    http.close()


OK = json_reply(200, {"ok": True})


def test_what_is_asked_and_answered(away: Away, http: Http, calls: list[Call]) -> None:
    away.says(json_reply(201, {"id": 7}))

    answer = http.ask("POST", "/repos/a%2Fb/things", params={"page": 2}, body={"name": "x"})

    assert (answer.status, answer.json()) == (201, {"id": 7})
    [asked] = away.server.asked
    assert (asked.method, asked.path, asked.query, asked.json()) == (
        "POST",
        "/repos/a%2Fb/things",
        {"page": "2"},
        {"name": "x"},
    )
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    [call] = calls
    assert (call.provider, call.method, call.path, call.status, call.attempt, call.problem) == (
        "GitHub",
        "POST",
        "/repos/a%2Fb/things",
        201,
        1,
        "",
    )
    assert 0 < call.seconds < 5


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_answer_is_none(away: Away, http: Http, status: int) -> None:
    away.says(Reply(status))

    assert http.ask("POST", "/x").json() is None


class TestALostAnswer:
    BROKEN = (
        Reply(fault=Fault.LATE),
        Reply(fault=Fault.LOST),
        Reply(200, b'{"ok": true}', {"content-type": "application/json"}, Fault.CUT),
        Reply(200, b"", {"content-type": "application/json"}, Fault.DRIPPING),
        Reply(500, b"oops"),
        Reply(502),
        Reply(504),
        Reply(200, b"<html>Sign in</html>", {"content-type": "text/html"}),
        Reply(200, b'{"ok": tr', {"content-type": "application/json"}),
    )

    @pytest.mark.parametrize("broken", BROKEN, ids=lambda reply: f"{reply.status}-{reply.fault}")
    def test_to_a_question_is_asked_for_again(
        self, away: Away, http: Http, clock: MovableClock, calls: list[Call], broken: Reply
    ) -> None:
        away.says(broken, broken, OK)

        assert http.get("/x").json() == {"ok": True}
        assert len(away.asked) == 3
        assert len(clock.pauses) == 2
        assert clock.pauses[0] < clock.pauses[1]
        assert [call.attempt for call in calls] == [1, 2, 3]

    @pytest.mark.parametrize("broken", BROKEN, ids=lambda reply: f"{reply.status}-{reply.fault}")
    def test_to_an_act_is_never_asked_for_again(self, away: Away, http: Http, broken: Reply) -> None:
        away.says(broken, OK)

        with pytest.raises(Unclear, match="GitHub .* to POST /x, so it is not known whether that was done"):
            http.ask("POST", "/x", body={})

        assert away.asked == ["POST /x"]

    def test_ends_as_unavailable_after_the_last_try(self, away: Away, http: Http) -> None:
        away.says(Reply(503, b"down for maintenance"))

        with pytest.raises(Unavailable, match="GitHub answered 503 to GET /x. It may work later") as raised:
            http.get("/x")

        assert raised.value.evidence == "503 down for maintenance"
        assert len(away.asked) == 3

    def test_to_a_harmless_act_is_asked_for_again(self, away: Away, http: Http) -> None:
        away.says(Reply(fault=Fault.LOST), OK)

        assert http.ask("POST", "/notes", body={}, harmless=True).status == 200

    def test_waits_as_long_as_it_is_told(self, away: Away, http: Http, clock: MovableClock) -> None:
        away.says(Reply(503, headers={"retry-after": "7"}), OK)

        http.get("/x")

        assert clock.pauses == [7]


class TestWhatWasNeverSent:
    def test_is_tried_again_whatever_it_was(self, clock: MovableClock) -> None:
        gone = WebServer(lambda _: OK)
        with gone:
            address = gone.address
        http = Http(Provider("GitHub"), address, clock, limits=QUICK)

        with pytest.raises(Unavailable, match=r"GitHub can not be reached at 127.0.0.1:\d+. Nothing was asked"):
            http.ask("POST", "/x")

        assert len(clock.pauses) == 2

    def test_through_a_proxy_that_is_down(self, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
        with WebServer(lambda _: OK) as closed:
            proxy = closed.address
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("http://", "http://user:hidden-password@"))
        http = Http(Provider("GitHub"), "https://api.example.com", clock, limits=QUICK)

        with pytest.raises(Unavailable, match="can not be reached") as raised:
            http.ask("POST", "/x")

        assert "hidden-password" not in raised.value.evidence + raised.value.message

    def test_a_proxy_of_the_environment_is_used(self, away: Away, clock: MovableClock, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        away.says(OK)
        monkeypatch.setenv("HTTP_PROXY", away.server.address)
        http = Http(Provider("GitHub"), "http://api.example.com", clock, limits=QUICK)

        assert http.get("/x").status == 200
        assert away.asked == ["GET /x"]


class TestRateLimits:
    def test_a_short_one_is_waited_for_and_an_act_is_repeated(
        self, away: Away, http: Http, clock: MovableClock
    ) -> None:
        away.says(json_reply(429, {}, {"retry-after": "3"}), json_reply(201, {}))

        assert http.ask("POST", "/x").status == 201
        assert clock.pauses == [3]

    def test_a_long_one_is_given_to_the_caller(self, away: Away, http: Http, clock: MovableClock) -> None:
        away.says(json_reply(429, {}, {"retry-after": "1800"}), OK)

        with pytest.raises(
            Unavailable, match="GitHub limits how much we may ask; it wants 1800 s of silence"
        ) as raised:
            http.get("/x")

        assert raised.value.retry_after == 1800
        assert clock.pauses == []

    def test_while_it_lasts_nothing_is_asked(self, away: Away, http: Http, clock: MovableClock) -> None:
        away.says(json_reply(429, {}, {"retry-after": "1800"}), OK)
        with pytest.raises(Unavailable):
            http.get("/x")
        clock.advance(minutes=10)

        with pytest.raises(Unavailable) as raised:
            http.get("/y")

        assert raised.value.retry_after == pytest.approx(1200, abs=1)
        assert away.asked == ["GET /x"]
        clock.advance(minutes=21)
        assert http.get("/y").status == 200

    def test_without_a_time_it_is_a_minute(self, away: Away, http: Http) -> None:
        away.says(Reply(429))

        with pytest.raises(Unavailable) as raised:
            http.get("/x")

        assert raised.value.retry_after == 60

    def test_a_provider_may_say_it_in_its_own_way(self, away: Away, clock: MovableClock) -> None:
        def secondary(answer: Answer, now: datetime) -> float | None:
            return 5.0 if answer.status == 403 and b"secondary" in answer.body else None

        away.says(json_reply(403, {"message": "You have exceeded a secondary rate limit"}), OK)
        http = Http(Provider("GitHub", limit=secondary), away.server.address, clock, limits=QUICK)

        assert http.get("/x").status == 200
        assert clock.pauses == [5]

    def test_retry_after_may_be_a_date(self, clock: MovableClock) -> None:
        later = (clock.now() + timedelta(minutes=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")

        assert retry_after(Answer(429, {"retry-after": later}, b""), clock.now()) == pytest.approx(120, abs=1.1)
        assert retry_after(Answer(429, {"retry-after": "soon"}, b""), clock.now()) is None


class TestANo:
    def test_is_told_in_the_providers_words(self, away: Away, clock: MovableClock) -> None:
        provider = Provider("GitHub", said=lambda answer: answer.json()["message"], advice=lambda _: "Grant it.")
        away.says(json_reply(403, {"message": "Resource not accessible by integration"}))
        http = Http(provider, away.server.address, clock, limits=QUICK)

        with pytest.raises(
            Refused, match="GitHub refused GET /x with 403: Resource not accessible by integration. Grant it."
        ):
            http.get("/x")

        assert len(away.asked) == 1

    def test_that_the_caller_knows_is_an_answer(self, away: Away, http: Http) -> None:
        away.says(json_reply(404, {"message": "Not Found"}))

        assert http.get("/x", also=(404,)).status == 404

    def test_to_the_token_is_answered_with_a_fresh_one_once(self, away: Away, clock: MovableClock) -> None:
        def revoked(request: Request) -> Reply:
            return OK if request.headers["authorization"] == "Bearer second" else json_reply(401, {})

        away.says(revoked)
        http = Http(Provider("GitHub"), away.server.address, clock, credentials=Token("first", "second"), limits=QUICK)

        assert http.ask("POST", "/x").status == 200
        assert len(away.asked) == 2

    def test_to_the_only_token_is_refused(self, away: Away, http: Http) -> None:
        away.says(json_reply(401, {"message": "Bad credentials"}))

        with pytest.raises(Refused, match="with 401"):
            http.get("/x")


class TestSecrets:
    def test_are_in_no_error_and_no_record(self, away: Away, http: Http, calls: list[Call]) -> None:
        def tell_tale(request: Request) -> Reply:
            return Reply(400, f"{TOKEN} {request.headers['authorization']} token=ghs_1_a.b.c".encode())

        away.says(tell_tale)

        with pytest.raises(OutsideError) as raised:
            http.get(f"/{TOKEN}/x", {"access_token": "not-to-be-shown"})

        shown = f"{raised.value.message} {raised.value.evidence} {calls}"
        assert TOKEN not in shown
        assert "not-to-be-shown" not in shown
        assert "ghs_" not in shown
        assert raised.value.evidence == "400 [redacted] [redacted] token=[redacted]"

    def test_go_to_no_other_server(self, away: Away, http: Http) -> None:
        away.says(Reply(302, headers={"location": "https://evil.example/x"}))

        with pytest.raises(Refused, match="points to another server, evil.example, which is not asked"):
            http.get("/x")
        away.says(json_reply(200, [], {"link": '<https://evil.example/x?page=2>; rel="next"'}))
        with pytest.raises(Refused, match="evil.example"):
            list(http.pages("/x"))


class TestPages:
    def test_are_followed_to_the_last(self, away: Away, http: Http) -> None:
        def page(request: Request) -> Reply:
            number = int(request.query.get("page", "1"))
            here = f"{away.server.address}/x"
            link = f'<{here}?page={number + 1}&per_page=2>; rel="next", <{here}>; rel="first"'
            return json_reply(200, [number], {"link": link} if number < 3 else {})

        away.says(page)

        assert list(http.pages("/x", {"per_page": 2})) == [[1], [2], [3]]
        assert [one.query for one in away.server.asked][1] == {"page": "2", "per_page": "2"}

    def test_without_an_end_are_refused(self, away: Away, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("staging_gate.wire.http.MOST_PAGES", 3)
        away.says(json_reply(200, [], {"link": '</x>; rel="next"'}))

        with pytest.raises(Refused, match="lists more than 3 pages of /x"):
            list(http.pages("/x"))


class TestMoved:
    def test_a_question_follows(self, away: Away, http: Http) -> None:
        away.says(Reply(301, headers={"location": "/repositories/7"}), OK)

        assert http.get("/repos/old/name").status == 200
        assert away.asked == ["GET /repos/old/name", "GET /repositories/7"]

    def test_an_act_does_not(self, away: Away, http: Http) -> None:
        away.says(Reply(307, headers={"location": "/repositories/7"}))

        with pytest.raises(Refused, match="POST /repos/old/name has moved to /repositories/7. Change the address"):
            http.ask("POST", "/repos/old/name")


class TestABodyThatIsTooLarge:
    def test_is_not_read_to_its_end(self, away: Away, http: Http) -> None:
        away.says(json_reply(200, "x" * 100_000))

        with pytest.raises(Refused, match="answered with more than 64 KiB to GET /x; no more is read"):
            http.get("/x")
        with pytest.raises(Unclear, match="more than 64 KiB to POST /x"):
            http.ask("POST", "/x")

    def test_is_measured_unpacked(self, away: Away, http: Http) -> None:
        packed = gzip.compress(b'"' + b"x" * 10_000_000 + b'"')
        away.says(Reply(200, packed, {"content-type": "application/json", "content-encoding": "gzip"}))

        with pytest.raises(Refused, match="more than 64 KiB"):
            http.get("/x")


class TestAuthorities:
    def test_a_file_that_is_none_is_named(self, clock: MovableClock, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text("no certificate")

        with pytest.raises(Refused, match="ca.pem can not be read as certificates of a CA: expected a PEM file"):
            Http(Provider("GitHub"), "https://ghe.example.com", clock, authorities=tmp_path / "ca.pem")

    def test_a_certificate_of_a_ca_that_nobody_named(self, away: Away, clock: MovableClock, monkeypatch) -> None:  # type: ignore[no-untyped-def]
        def distrust(*_: object, **__: object) -> None:
            raise ssl.SSLCertVerificationError("self-signed certificate")

        monkeypatch.setattr("ssl.SSLContext.wrap_socket", distrust)
        http = Http(Provider("GitHub"), away.server.address.replace("http:", "https:"), clock, limits=QUICK)

        with pytest.raises(Refused, match="is not trusted. Where it is signed by a CA of your own, name the file"):
            http.get("/x")
