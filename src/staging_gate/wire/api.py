"""Our own API as a client sees it: the command line's only way to the server."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

READ_TIMEOUT_SECONDS = 120.0


class ApiProblem(Exception):
    """The server understood and said no: problem+json. `body` has `type`, `detail` and perhaps a `decision`."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(str(body.get("detail") or body))
        self.status = status
        self.body = body

    @property
    def kind(self) -> str:
        return str(self.body.get("type", "")).rsplit(":", 1)[-1]


class NotReachable(Exception):
    """No server answered at the address."""


class Api:
    """One server, one token. Answers are JSON values."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address.rstrip("/")
        # Never through a proxy of the environment: the token goes to the named address and nowhere else.
        self._client = httpx2.Client(
            base_url=self.address + "/api/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(READ_TIMEOUT_SECONDS, connect=5.0),
            trust_env=False,
        )

    def get(self, path: str, **params: Any) -> Any:
        return self._value(self._ask("GET", path, params={k: v for k, v in params.items() if v is not None}))

    def text(self, path: str, **params: Any) -> str:
        return self._ask("GET", path, params={k: v for k, v in params.items() if v is not None}).text

    def post(self, path: str, **body: Any) -> Any:
        return self._value(self._ask("POST", path, json={k: v for k, v in body.items() if v is not None}))

    def lines(self, path: str, **params: Any) -> Iterator[Any]:
        """JSON values as the server sends them, line by line, until it ends."""
        try:
            with self._client.stream("GET", path, params=params, timeout=httpx2.Timeout(None, connect=5.0)) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise ApiProblem(answer.status_code, _body(answer))
                for line in answer.iter_lines():
                    if line:
                        yield json.loads(line)
        except httpx2.RemoteProtocolError as error:
            raise NotReachable(
                f"The Staging Gate at {self.address} went away. Nothing is lost: what it was doing goes on when it is "
                "up again. `gate up`, then `gate status`."
            ) from error
        except httpx2.TransportError as error:
            raise self._away(error) from error

    def _ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx2.TransportError as error:
            raise self._away(error) from error
        if answer.status_code >= 400:
            raise ApiProblem(answer.status_code, _body(answer))
        return answer

    def _value(self, answer: httpx2.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise NotReachable(f"What answers at {self.address} is no Staging Gate. Is the address right?") from error

    def _away(self, error: Exception) -> NotReachable:
        return NotReachable(f"No Staging Gate answers at {self.address} ({error}). Start it with `gate up`.")


def _body(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return body if isinstance(body, Mapping) else {"type": "urn:unexpected", "detail": answer.text[:500]}
