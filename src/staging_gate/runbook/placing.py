"""From a revision to a proven candidate, and from there to live: the two halves of every deployment."""

from staging_gate.engine import Run
from staging_gate.messages import deployments as words
from staging_gate.runbook import deploying
from staging_gate.runbook.deploying import Answer, Plan


def place(run: Run, id: str) -> Answer:
    """Build, migrate, start and prove a candidate of every service. The traffic is untouched, whatever happens."""
    planned: Plan = run.step("plan the deployment", deploying.plan, id)
    for service in planned["services"]:
        built: Answer = run.step(f"build {service}", deploying.build, id, service)
        if not built["ok"]:
            return built
    for service in planned["with_schema"]:
        upgraded: Answer = run.step(f"upgrade the schema of {service}", deploying.upgrade_schema, id, service)
        if not upgraded["ok"]:
            return upgraded
    return prove(run, id, planned["services"])


def prove(run: Run, id: str, services: list[str]) -> Answer:
    names = words.services(services)
    started: Answer = run.step(f"start {names} beside what is live", deploying.start, id)
    if not started["ok"]:
        return started
    ready: Answer = run.step("wait until healthy", deploying.wait_until_ready, id)
    if not ready["ok"]:
        return ready
    proved: Answer = run.step("smoke test on their own addresses", deploying.smoke_test_candidates, id)
    return proved


def go_live(run: Run, id: str) -> Answer:
    """Switch all services, then prove them through the public addresses. Not ok means that something has to go back."""
    switched: Answer = run.step("switch the traffic", deploying.switch, id)
    if not switched["ok"]:
        return switched
    proved: Answer = run.step("smoke test through the public address", deploying.smoke_test, id)
    return proved
