"""One way to ask a provider over HTTP: time limits, retries only where they are safe, errors of our ports.

What did not happen for certain is `Unavailable` and is tried again within the patience given; what may have happened is
`Unclear` and never is. Reading changes nothing, so a lost answer to it is `Unavailable`.
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Denied, OutsideError, Refused, Unavailable, Unclear
from staging_gate.wire.answers import Answer, Call, no_limit_known, retry_after
from staging_gate.wire.memory import Memory, condition
from staging_gate.wire.redaction import Redactor

_log = logging.getLogger(__name__)

READING = ("GET", "HEAD")
MOVED = (301, 302, 307, 308)
MOST_MOVES = 3
MOST_PAGES = 200
FIRST_PAUSE = 0.5
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class Credentials(Protocol):
    """What a request is signed with."""

    def headers(self) -> Mapping[str, str]: ...

    def refused(self) -> bool:
        """They were not accepted. True where fresh ones can be had, which the next `headers()` gives."""
        ...


class NoCredentials:
    def headers(self) -> Mapping[str, str]:
        return {}

    def refused(self) -> bool:
        return False


@dataclass(frozen=True)
class Bearer(NoCredentials):
    """A token that is good until somebody revokes it."""

    token: str = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Provider:
    """What is particular to one: its name, and how to read what it says.

    `limit` gives the seconds to wait where an answer says that a rate limit was hit, else None. `said` gives an
    error in the provider's own words, `advice` what to do about it: both one line, or nothing.
    """

    name: str
    limit: Callable[[Answer, datetime], float | None] = no_limit_known
    said: Callable[[Answer], str] = Answer.text
    advice: Callable[[Answer], str] = lambda _: ""


@dataclass(frozen=True)
class Limits:
    """All in seconds but `largest` (bytes of a body, unpacked) and `tries`.

    `read` is the longest silence, `whole` the longest that one answer may take, `patience` how long waiting between
    the tries of one call may take in all: what wants more is given to the caller with its `retry_after`.
    """

    connect: float = 5.0
    read: float = 30.0
    whole: float = 120.0
    largest: int = 32 * 1024 * 1024
    tries: int = 4
    patience: float = 20.0


@dataclass(frozen=True)
class _Asking:
    method: str
    address: str
    params: Mapping[str, str | int] | None
    body: Any
    headers: Mapping[str, str]
    also: tuple[int, ...]
    json: bool
    harmless: bool
    anew: bool

    @property
    def path(self) -> str:
        return urlsplit(self.address).path


class Http:
    """One provider at one address. Safe from any thread. Proxies are taken from the environment."""

    def __init__(
        self,
        provider: Provider,
        base: str,
        clock: Clock,
        *,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
        authorities: Path | None = None,
        limits: Limits = Limits(),
        record: Callable[[Call], None] | None = None,
        memory: Memory | None = None,
    ) -> None:
        """`authorities` is a file with the certificates of a private CA. Refused where it can not be read.

        With a `memory`, the provider is asked only whether what it said to us is still so.
        """
        self.base = base.rstrip("/")
        self.redactor = Redactor()
        self._provider, self._clock, self._limits = provider, clock, limits
        self.credentials = credentials or NoCredentials()
        self._record = record or _log_call
        self._memory = memory
        self._quiet_until: datetime | None = None
        self._client = httpx2.Client(
            headers={"user-agent": "staging-gate", "accept": "application/json", **(headers or {})},
            timeout=httpx2.Timeout(limits.read, connect=limits.connect),
            verify=_trusted(authorities),
            follow_redirects=False,
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, also: tuple[int, ...] = ()) -> Answer:
        return self.ask("GET", path, params=params, also=also)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        also: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
        json: bool = True,
        harmless: bool = False,
        anew: bool = False,
    ) -> Answer:
        """The answer where its status is 2xx or in `also`; every other end is raised as an error of our ports.

        `path` begins with a slash, or is an address of the same server. `json` says that a body must be JSON,
        `harmless` that doing it twice changes no more than doing it once, `anew` that all of it is wanted again, even
        if it is still as it was.
        """
        address = path if "://" in path else self.base + path
        self._refuse_strangers(address)
        asking = _Asking(
            method, address, params or None, body, headers or {}, also, json, harmless or method in READING, anew
        )
        return self._patiently(asking)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """The JSON of each page, by the Link header, until the last."""
        answer = self.get(path, params)
        for _ in range(MOST_PAGES):
            yield answer.json()
            if not answer.next_page:
                return
            answer = self.get(answer.next_page)
        raise Refused(f"{self._provider.name} lists more than {MOST_PAGES} pages of {path}; that is more than is read.")

    def said(self, answer: Answer) -> str:
        """In the provider's own words, on one line and without secrets."""
        return self.redactor.hide(self._provider.said(answer))

    def refusal(self, method: str, path: str, answer: Answer) -> Refused:
        """For an answer that the caller took itself and finds to be a no."""
        return self._refusal(f"{method} {path}", answer)

    def _patiently(self, asking: _Asking) -> Answer:
        waited = 0.0
        for attempt in range(1, self._limits.tries + 1):
            try:
                self._keep_quiet()
                return self._with_fresh_credentials(asking, attempt)
            except Unavailable as error:
                pause = error.retry_after
                if pause is None:
                    pause = FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load
                waited += pause
                if attempt == self._limits.tries or waited > self._limits.patience:
                    raise
                self._clock.pause(pause)
        raise AssertionError("the last try returns or raises")

    def _keep_quiet(self) -> None:
        """Whoever goes on asking while limited is shut out for longer."""
        if self._quiet_until and (left := (self._quiet_until - self._clock.now()).total_seconds()) > 0:
            raise self._limited(left)

    def _with_fresh_credentials(self, asking: _Asking, attempt: int) -> Answer:
        answer = self._moving_on(asking, attempt)
        # 401 is said before anything is done, so asking again is safe whatever was asked.
        if answer.status == 401 and 401 not in asking.also and self.credentials.refused():
            answer = self._moving_on(asking, attempt)
        return self._judged(asking, answer)

    def _moving_on(self, asking: _Asking, attempt: int) -> Answer:
        """Follow the provider to where a thing has moved to, as long as it is on the same server and we only read."""
        answer = self._once(asking, attempt, asking.address)
        for _ in range(MOST_MOVES):
            if answer.status not in MOVED or asking.method not in READING:
                break
            address = urljoin(asking.address, answer.headers.get("location", ""))
            self._refuse_strangers(address)
            answer = self._once(asking, attempt, address)
        return answer

    def _once(self, asking: _Asking, attempt: int, address: str) -> Answer:
        started = time.monotonic()
        status, problem = None, ""
        params = asking.params if address == asking.address else None
        memory = self._memory if asking.method in READING else None
        named = f"{address}?{urlencode(params)}" if params else address
        known = memory.recall(named) if memory and not asking.anew else None
        signed = self.credentials.headers()
        self.redactor.learn(*signed.values(), *(value.partition(" ")[2] for value in signed.values()))
        try:
            with self._client.stream(
                asking.method,
                address,
                params=params,
                json=asking.body,
                headers={**signed, **condition(known), **asking.headers},
            ) as response:
                status = response.status_code
                answer = self._read(asking, response, started + self._limits.whole)
                return memory.settle(named, known, answer) if memory else answer
        except httpx2.HTTPError as error:
            problem = self.redactor.hide(f"{type(error).__name__}: {error}")
            raise self._lost(asking, error, problem) from None
        except OutsideError as error:
            problem = error.message
            raise
        finally:
            path = self.redactor.hide(urlsplit(address).path)
            seconds = time.monotonic() - started
            self._record(Call(self._provider.name, asking.method, path, status, seconds, attempt, problem))

    def _read(self, asking: _Asking, response: httpx2.Response, deadline: float) -> Answer:
        body = bytearray()
        for block in response.iter_bytes():  # as they come: blocks of one size would wait past the deadline
            body += block
            if len(body) > self._limits.largest:
                what = f"{self._provider.name} answered with more than {self._limits.largest // 1024:,} KiB"
                raise (Refused if asking.harmless else Unclear)(f"{what} to {self._named(asking)}; no more is read.")
            if time.monotonic() > deadline:
                raise self._unknown(asking, f"did not finish its answer within {self._limits.whole:g} s")
        headers = {name.lower(): value for name, value in response.headers.items()}
        following = response.links.get("next", {}).get("url")
        return Answer(
            response.status_code, headers, bytes(body), urljoin(asking.address, following) if following else None
        )

    def _judged(self, asking: _Asking, answer: Answer) -> Answer:
        now = self._clock.now()
        wait = self._provider.limit(answer, now)
        if wait is not None:
            self._quiet_until = now + timedelta(seconds=wait)
            raise self._limited(wait, self._evidence(answer))
        if answer.status in asking.also or 200 <= answer.status < 300:
            if asking.json and not answer.is_json:
                raise self._unknown(
                    asking,
                    f"answered with {answer.kind or 'something'} that is not JSON; a proxy or a sign-in page may stand "
                    f"between us and {urlsplit(asking.address).netloc}",
                    self._evidence(answer),
                )
            return answer
        if answer.status in (408, 425) or answer.status >= 500:
            raise self._unknown(
                asking, f"answered {answer.status}", self._evidence(answer), retry_after(answer, now), answer.status
            )
        raise self._refusal(self._named(asking), answer)

    def _refusal(self, what: str, answer: Answer) -> Refused:
        if answer.status in MOVED:
            return Refused(
                f"{self._provider.name} says that {what} has moved to {answer.headers.get('location', 'somewhere')}. "
                "Change the address or the name in the settings."
            )
        said, advice = self.said(answer), self._provider.advice(answer)
        told = f"{self._provider.name} refused {what} with {answer.status}" + (f": {said.rstrip('.')}" if said else "")
        kind = Denied if answer.status in (401, 403) else Refused
        return kind(self.redactor.hide(f"{told}. {advice}".strip()), self._evidence(answer))

    def _lost(self, asking: _Asking, error: httpx2.HTTPError, problem: str) -> OutsideError:
        host = urlsplit(asking.address).netloc
        if _untrusted(error):
            return Refused(
                f"The certificate of {host} is not trusted. Where it is signed by a CA of your own, name the file with "
                "that CA's certificate in the settings.",
                problem,
            )
        if isinstance(error, NEVER_SENT):
            return Unavailable(f"{self._provider.name} can not be reached at {host}. Nothing was asked.", problem)
        return self._unknown(asking, "gave no whole answer", problem)

    def _unknown(
        self, asking: _Asking, what: str, evidence: str = "", wait: float | None = None, status: int = 0
    ) -> OutsideError:
        sentence = f"{self._provider.name} {what} to {self._named(asking)}"
        if asking.harmless or status in (408, 425):
            return Unavailable(f"{sentence}. It may work later.", evidence, wait)
        return Unclear(f"{sentence}, so it is not known whether that was done.", evidence)

    def _limited(self, wait: float, evidence: str = "") -> Unavailable:
        return Unavailable(
            f"{self._provider.name} limits how much we may ask; it wants {wait:.0f} s of silence.", evidence, wait
        )

    def _refuse_strangers(self, address: str) -> None:
        """Credentials go to the provider and nowhere else."""
        ours, theirs = urlsplit(self.base), urlsplit(address)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise Refused(
                f"{self._provider.name} points to another server, {theirs.netloc or address}, which is not asked: "
                f"expected {ours.netloc}."
            )

    def _named(self, asking: _Asking) -> str:
        return self.redactor.hide(f"{asking.method} {asking.path}")

    def _evidence(self, answer: Answer) -> str:
        return self.redactor.hide(f"{answer.status} {answer.text()}".strip())


def _trusted(authorities: Path | None) -> ssl.SSLContext | bool:
    if authorities is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(authorities))
    except (OSError, ssl.SSLError) as error:
        raise Refused(
            f"{authorities} can not be read as certificates of a CA: expected a PEM file. Correct the path in the "
            "settings.",
            str(error),
        ) from error


def _untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _log_call(call: Call) -> None:
    _log.debug(
        "%s %s %s: %s in %.3f s %s", call.provider, call.method, call.path, call.status, call.seconds, call.problem
    )
