"""The webhook that tells us: the repository's, or the App's own.

https://docs.github.com/en/rest/repos/webhooks and https://docs.github.com/en/rest/apps/webhooks
"""

from collections.abc import Mapping, Sequence
from typing import Any

from staging_gate.adapters.github.calls import PAGE, Calls
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.adapters.github.shapes import Shape, understood, understood_value
from staging_gate.domain.webhook import Webhook

EVENTS = frozenset(
    {
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "create",
        "delete",
        "pull_request",
        "pull_request_review",
        "push",
        "release",
        "repository_ruleset",
        "status",
    }
)
"""What changes something that we show or decide about."""

OF_APPS = frozenset({"deployment_protection_rule"})
"""Told to Apps only."""

UNUSED = "unused"
OF_THE_APP = 0


class _Config(Shape):
    """`secret` comes as stars. `insecure_ssl` is 0 or 1, as a number or as text."""

    url: str | None = None
    content_type: str | None = None
    insecure_ssl: str | float | None = None
    secret: str | None = None


class _Response(Shape):
    """Of the last delivery: `status` is `unused` before the first, `code` null or 0 where nobody answered."""

    code: int | None = None
    status: str | None = None
    message: str | None = None


class _Hook(Shape):
    id: int
    active: bool | None = None
    events: list[str] | None = None
    config: _Config | None = None
    last_response: _Response | None = None


class _App(Shape):
    events: list[str] | None = None


class _Sent(Shape):
    id: int
    status: str | None = None
    status_code: int | None = None


class GitHubWebhooks:
    """Implements `ports.webhooks.Webhooks`. `address` is where people reach us, `secret` what GitHub is to sign with;
    each may be empty."""

    def __init__(self, calls: Calls, sign_in: SignIn, address: str, secret: bytes) -> None:
        self._http, self._app = calls.http, sign_in if isinstance(sign_in, AppToken) else None
        self._place, self._address, self._secret = f"/repos/{calls.name}/hooks", address, secret.decode()
        for http in (calls.http, *([self._app.as_app] if self._app else [])):
            http.redactor.learn(self._secret)

    @property
    def wanted(self) -> Webhook:
        return Webhook(f"{self._address}/hooks/github", EVENTS | (OF_APPS if self._app else frozenset()))

    @property
    def lacking(self) -> Sequence[str]:
        given = {"GATE_HOOK_GITHUB": self._secret, "GATE_ADDRESS": self._address}
        return [name for name, value in given.items() if not value]

    @property
    def of_app(self) -> bool:
        return self._app is not None

    def there(self) -> list[Webhook]:
        if self._app:
            return self._of_app(self._app)
        found = [
            hook
            for page in self._http.pages(self._place, {"per_page": PAGE})
            for hook in understood_value(list[_Hook], page)
        ]
        ours = [hook for hook in found if hook.config and hook.config.url == self.wanted.address]
        return [_read(hook) for hook in sorted(ours, key=lambda hook: hook.id)]

    def create(self) -> None:
        body = {"name": "web", "config": self._config(), "events": sorted(self.wanted.events), "active": True}
        self._http.ask("POST", self._place, body=body)

    def correct(self, hook: Webhook) -> None:
        if self._app:
            self._app.as_app.ask("PATCH", "/app/hook/config", body=self._config(), harmless=True)
        else:
            more = sorted(hook.lacks(self.wanted.events))
            body = {"config": self._config(), "active": True, **({"add_events": more} if more else {})}
            self._http.ask("PATCH", f"{self._place}/{hook.id}", body=body, harmless=True)
        if hook.is_refused:
            self._send_again(hook)

    def remove(self, id: int) -> None:
        self._http.ask("DELETE", f"{self._place}/{id}", also=(404,), harmless=True)

    def _of_app(self, app: AppToken) -> list[Webhook]:
        answer = app.as_app.get("/app/hook/config", also=(404,))
        if answer.status == 404:
            return []
        events = understood(_App, app.as_app.get("/app")).events
        last = next(iter(self._sent("/app/hook/deliveries")), None)
        response = _Response(code=last.status_code, message=last.status) if last else None
        hook = _Hook(id=OF_THE_APP, events=events, config=understood(_Config, answer), last_response=response)
        return [_read(hook)]

    def _send_again(self, hook: Webhook) -> None:
        """The delivery that we refused for its signature, now that it will be signed as we want."""
        place = "/app/hook/deliveries" if self._app else f"{self._place}/{hook.id}/deliveries"
        for sent in self._sent(place):
            http = self._app.as_app if self._app else self._http
            http.ask("POST", f"{place}/{sent.id}/attempts", harmless=True)

    def _sent(self, place: str) -> list[_Sent]:
        """The newest, if any."""
        http = self._app.as_app if self._app else self._http
        return understood(list[_Sent], http.get(place, {"per_page": 1}))[:1]

    def _config(self) -> Mapping[str, Any]:
        """Whole: GitHub takes a secret that is left out for none."""
        return {"url": self.wanted.address, "content_type": "json", "insecure_ssl": "0", "secret": self._secret}


def _read(hook: _Hook) -> Webhook:
    config, last = hook.config or _Config(), hook.last_response
    is_used = last is not None and last.status != UNUSED and (last.code is not None or bool(last.message))
    return Webhook(
        config.url or "",
        frozenset(hook.events or ()),
        hook.active is not False,
        config.content_type == "json",
        str(config.insecure_ssl or "0") in ("0", "0.0"),
        bool(config.secret),
        (last.code or 0) if last and is_used else None,
        (last.message or "") if last and is_used else "",
        hook.id,
    )
