"""The webhook by which GitHub tells us: made with the rules there, and looked at with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from staging_gate.domain.webhook import Fault, Webhook, faults
from staging_gate.messages import webhook as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.ports.webhooks import Webhooks
from staging_gate.runbook.steps import Step, compared

WEBHOOK = "webhook"


@dataclass(frozen=True)
class Work:
    """What is to be done, beside what is there by the step's name."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    there: Mapping[str, Webhook] = field(default_factory=dict)


def work(ports: Ports, remove: bool) -> Work:
    """Nothing is changed. What is not in our hands is a note, and keeps nothing else back."""
    webhooks = ports.webhooks
    if webhooks is None:
        return Work()
    if webhooks.lacking:
        return Work() if remove else Work(notes=(words.lacking(webhooks.lacking),))
    try:
        there = webhooks.there()
    except Refused as refused:
        return Work(notes=(words.not_shown(refused.message),), by_hand=_by_hand(webhooks))
    named = {f"{WEBHOOK} {hook.id}" if number else WEBHOOK: hook for number, hook in enumerate(there)}
    if webhooks.of_app:
        return _of_app(webhooks, named, remove)
    doubles = [Step("remove", name) for name in named if remove or name != WEBHOOK]
    first = () if remove else (_towards_wanted(webhooks, named.get(WEBHOOK)),)
    return Work((*first, *doubles), (), _by_hand(webhooks), named)


def do(webhooks: Webhooks, work: Work, step: Step) -> None:
    """One of the steps; `leave` does nothing."""
    hook = work.there.get(step.name)
    if step.kind == "create":
        webhooks.create()
    elif step.kind == "change" and hook is not None:
        webhooks.correct(hook)
    elif step.kind == "remove" and hook is not None and hook.id is not None:
        webhooks.remove(hook.id)


def found(ports: Ports) -> list[Fault]:
    """What is wrong with it; nothing where we want none. Raises Unavailable."""
    webhooks = ports.webhooks
    if webhooks is None or "GATE_HOOK_GITHUB" in webhooks.lacking:
        return []
    if webhooks.lacking:
        return [Fault("no_address", ", ".join(webhooks.lacking))]
    try:
        return faults(webhooks.wanted, webhooks.there(), webhooks.of_app)
    except Refused as refused:
        return [Fault("unknown", refused.message)]


def _of_app(webhooks: Webhooks, there: Mapping[str, Webhook], remove: bool) -> Work:
    hook = there.get(WEBHOOK)
    if hook is None:
        return Work() if remove else Work(notes=(words.app_has_none(),))
    if remove:
        return Work(notes=(words.app_keeps_it(),)) if hook.address == webhooks.wanted.address else Work()
    lacking = hook.lacks(webhooks.wanted.events)
    notes = (words.app_is_not_told(lacking),) if lacking else ()
    return Work((_towards_wanted(webhooks, hook),), notes, (), there)


def _towards_wanted(webhooks: Webhooks, hook: Webhook | None) -> Step:
    now = words.fields(hook, webhooks.of_app) if hook else None
    then = hook.corrected(webhooks.wanted) if hook else webhooks.wanted
    return compared(WEBHOOK, now, words.fields(then, webhooks.of_app))


def _by_hand(webhooks: Webhooks) -> tuple[str, ...]:
    return tuple(words.by_hand(webhooks.wanted))
