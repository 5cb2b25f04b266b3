"""Asking a deployment at its own address whether it is well, before it receives any traffic."""

from string import Template

from staging_gate.domain.health import Judgement, judged
from staging_gate.ports.clock import Clock
from staging_gate.ports.deploy_target import Cancelled, Order
from staging_gate.ports.errors import Refused, Stopped, Unavailable
from staging_gate.wire.http import Http, Limits, Provider

EVERY = 1.0
PASSES_PROTECTION = "x-vercel-protection-bypass"
SIGN_IN = (401, 302, 303, 307, 308)
"""How a protected deployment answers whoever does not come with the header."""


def wait_until_well(order: Order, address: str, bypass: str, clock: Clock, cancelled: Cancelled) -> Judgement:
    """After two right answers in a row. Refused, with the last answer, where there are none within `health.within`."""
    service = Http(Provider(order.service.name), address, clock, limits=Limits(tries=1, whole=10.0, read=10.0))
    try:
        return _asked_until_well(service, order, bypass, clock, cancelled)
    finally:
        service.close()


def _asked_until_well(service: Http, order: Order, bypass: str, clock: Clock, cancelled: Cancelled) -> Judgement:
    until = clock.now() + order.service.health.within
    in_a_row = 0
    while True:
        if cancelled():
            raise Stopped("It was cancelled before it received the traffic.")
        judgement, said = _look(service, order, bypass)
        in_a_row = 0 if judgement.wrong else in_a_row + 1
        if in_a_row == 2:
            return judgement
        if judgement.for_good or (clock.now() >= until and not in_a_row):
            raise Refused(f"{order.service.name} is not well at its own address: {judgement.wrong}.", said)
        clock.pause(EVERY)


def _look(service: Http, order: Order, bypass: str) -> tuple[Judgement, str]:
    headers = {PASSES_PROTECTION: bypass} if bypass else {}
    everything = tuple(range(200, 600))
    try:
        answer = service.ask("GET", order.service.health.path, headers=headers, also=everything, json=False)
    except Unavailable as error:
        return Judgement("it gave no whole answer"), f"{error.message} {error.evidence}".strip()
    if answer.status in SIGN_IN:
        raise Unavailable(_protected(order, bypass), f"{answer.status} {answer.text()}")
    health = order.service.health
    wanted = {
        name: Template(value).safe_substitute(ENVIRONMENT=order.environment) for name, value in health.expect.items()
    }
    said = f"{answer.status} {answer.text()}"
    return judged(answer.status, answer.body.decode(errors="replace"), wanted, order.revision.commit), said


def _protected(order: Order, bypass: str) -> str:
    name = order.service.name
    if bypass:
        return (
            f"Vercel's Deployment Protection does not accept our bypass for {name}: make a new one under Deployment "
            "Protection, Protection Bypass for Automation, and set the secret that `bypass` in gate.yaml names."
        )
    return (
        f"Vercel's Deployment Protection keeps {name} from being proved at its own address: make a secret under "
        "Deployment Protection, Protection Bypass for Automation, and name it in gate.yaml: `bypass: env:NAME`."
    )
