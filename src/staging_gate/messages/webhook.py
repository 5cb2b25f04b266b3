"""What is said about our webhook at the code host."""

from collections.abc import Iterable, Sequence

from staging_gate.domain.webhook import ALL, Fault, Webhook

ANOTHER = "another one: we refused the last delivery"
APP = "At GitHub: Settings, Developer settings, GitHub Apps, your App"
SETUP = "`gate github setup` mends it."

SENTENCES = {
    "missing": "No webhook of the repository sends to {detail}: what happens at GitHub is seen a few seconds later.",
    "app_missing": "The App has no webhook that is switched on: what happens at GitHub is seen a few seconds later.",
    "elsewhere": "The App's webhook sends to {detail}, and not to us.",
    "inactive": "The webhook at GitHub is switched off: nothing comes.",
    "events": "The webhook at GitHub does not tell of {detail}.",
    "app_events": "The App is not subscribed to {detail}.",
    "form": "The webhook at GitHub sends forms, which we can not read: JSON is wanted.",
    "insecure": "The webhook at GitHub does not check our certificate: whoever stands between can read what it tells.",
    "no_secret": "The webhook at GitHub has no secret: what it sends is not signed, and we refuse it.",
    "secret_differs": "The secret of the webhook at GitHub differs from ours: we refused its last delivery ({detail}).",
    "failed": "The last delivery of the webhook at GitHub was not taken: {detail}.",
    "doubled": "More than one webhook of the repository sends to {detail}: everything comes twice.",
    "no_address": "GitHub is not told where to send webhooks to: {detail} is not set.",
    "unknown": "Whether GitHub tells us by a webhook is not shown to us: {detail}",
}
REMEDIES = {
    "app_missing": f"{APP}: switch on Webhook, Active. Then `gate github setup`.",
    "app_events": f"{APP}, Permissions & events, Subscribe to events: tick them.",
    "failed": "Can GitHub reach this server at that address? `gate hooks lag` says what was found all the same.",
    "no_address": "Set GATE_ADDRESS to where GitHub reaches this server, and start it again.",
    "unknown": "Grant the token Webhooks: read and write (docs/adapters/github.md), or look there: Settings, Webhooks.",
}


def said(fault: Fault) -> str:
    return SENTENCES[fault.code].format(detail=fault.detail)


def remedy(fault: Fault) -> str:
    return REMEDIES.get(fault.code, SETUP)


def summed_up(faults: Sequence[Fault]) -> str:
    return " ".join(map(said, faults)) or "GitHub tells us what happens there by a webhook"


def fields(hook: Webhook, of_app: bool) -> dict[str, str]:
    """A webhook as people read it; which events an App is told of is not in our hands."""
    shown = {
        "sends to": hook.address,
        "is": "active" if hook.active else "switched off",
        "tells of": "everything" if ALL in hook.events else ", ".join(sorted(hook.events)),
        "as": "JSON" if hook.json else "a form",
        "our certificate": "checked" if hook.checks_certificate else "not checked",
        "secret": ANOTHER if hook.has_secret and hook.is_refused else "set" if hook.has_secret else "none",
    }
    return {name: value for name, value in shown.items() if not (of_app and name in ("is", "tells of"))}


def lacking(settings: Iterable[str]) -> str:
    """Why setting up leaves the webhook out."""
    if "GATE_HOOK_GITHUB" in settings:
        return (
            "No webhook is set up: there is no secret for it. Set GATE_HOOK_GITHUB to something long and random "
            "(`openssl rand -hex 32`) where the server runs, start it again, then `gate github setup`."
        )
    return (
        "No webhook is set up: GitHub has to know where to send to. Set GATE_ADDRESS to where it reaches this server, "
        "such as https://gate.example.com, start it again, then `gate github setup`."
    )


def not_shown(why: str) -> str:
    return f"The webhook is left out: {why.rstrip('.')}. With Webhooks: write for the token it is made, too."


def app_has_none() -> str:
    return f"The App's webhook is switched off, which only a person can change. {REMEDIES['app_missing']}"


def app_is_not_told(events: Iterable[str]) -> str:
    return f"The App is not subscribed to {', '.join(sorted(events))}. {REMEDIES['app_events']}"


def app_keeps_it() -> str:
    return f"The App's webhook stays, because every App has one. {APP}: switch off Webhook, Active."


def by_hand(hook: Webhook) -> list[str]:
    """The same, for somebody who clicks."""
    lines = [f"    {name}: {value}" for name, value in fields(hook, of_app=False).items() if name != "secret"]
    return ["At GitHub: Settings, Webhooks, Add webhook:", *lines, "    secret: what GATE_HOOK_GITHUB holds"]
