"""An environment in the words of a story: what is to go wrong there, and what receives its traffic."""

from dataclasses import dataclass

from staging_gate.domain.check import Verdict
from staging_gate.domain.environment import Environment
from staging_gate.ports.checks import Outcome
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear
from staging_gate.testing.checks import SECONDS, FakeSmoke
from staging_gate.testing.deploy_target import FakeTarget, Route
from staging_gate.testing.faults import Fault


@dataclass(frozen=True)
class FakePlace:
    """Every `next_...` is about the next deployment to this environment, and about it for good."""

    environment: Environment
    target: FakeTarget
    smoke: FakeSmoke

    # --- what goes wrong -----------------------------------------------------------------------------------------

    def next_build_fails(self, why: str = "No module named marketedge") -> None:
        self._arm(Fault("build", Refused(f"The build failed: {why}", "the build's last words")))

    def next_migration_fails(self, why: str = "duplicate column: email") -> None:
        self._arm(Fault("upgrade_schema", Refused(f"The schema could not be upgraded: {why}", "alembic's last words")))

    def next_deploy_answers(self, status: int, path: str = "/health") -> None:
        """The new processes never become healthy."""
        self._arm(
            Fault(
                "wait_until_ready", Refused("api was not healthy within 60 s.", f"last answer of GET {path}: {status}")
            )
        )

    def next_smoke_fails(self, test: str = "login", where: str = "public", service: str | None = None) -> None:
        """`where`: on the `candidate`'s own address, or through the `public` one."""
        self._arm_smoke(Fault(where, answer=Outcome(Verdict.FAILED, f"{test} failed", SECONDS), service=service))

    def next_smoke_errors(self, why: str = "the smoke tests took longer than 5 min", where: str = "public") -> None:
        """They can not be run: nothing is known about the release."""
        self._arm_smoke(Fault(where, answer=Outcome(Verdict.ERRORED, why, SECONDS)))

    def next_smoke_breaks(self, error: Exception, where: str = "public") -> None:
        """Our own machine breaks while it runs them."""
        self._arm_smoke(Fault(where, error))

    def next_call_fails(self, call: str, error: OutsideError, service: str | None = None) -> None:
        self._arm(Fault(call, error, service=service))

    def unclear_after(self, call: str) -> None:
        """Once, the next deployment's `call` acts, and its answer is lost."""
        self._arm(Fault(call, Unclear(f"The answer to {call} was lost."), acts=True, once=True))

    def put_back_fails(self, why: str = "its database is gone") -> None:
        """The next time that something is put back."""
        self.target.faults.arm(f"{self.environment} put back", Fault("put_back", Unavailable(why)))

    def downgrade_fails(self, why: str = "no such column: note", lost: bool = False) -> None:
        """The next time that a schema is taken back. `lost`: that acts, and its answer is lost, once."""
        error = Unclear("The answer to downgrade_schema was lost.") if lost else Refused(f"The downgrade failed: {why}")
        fault = Fault("downgrade_schema", error, acts=lost, once=lost)
        self.target.faults.arm(f"{self.environment} downgrade", fault)

    def is_unreachable(self, why: str | None = "the machine is away") -> None:
        """Nothing can be deployed to it from now on; None mends it."""
        self.target.known.unreachable = why

    def process_dies(self, service: str = "api") -> None:
        """What receives the traffic has crashed."""
        traffic = self._route(service).traffic
        assert traffic, f"nothing receives the traffic of {service}"
        traffic.running = False

    def says(self, *lines: str, service: str = "api") -> None:
        """What receives the traffic writes these lines to its log."""
        traffic = self._route(service).traffic
        assert traffic, f"nothing receives the traffic of {service}"
        traffic.said += lines

    # --- what is there -------------------------------------------------------------------------------------------

    def live(self, service: str = "api") -> str | None:
        """What receives the traffic: a release, or a commit where it was no release; None where nothing does."""
        traffic = self._route(service).traffic
        return (traffic.release or traffic.commit) if traffic else None

    def served(self, service: str = "api") -> list[str]:
        """What has received the traffic so far, in order; "" where nothing did."""
        return self._route(service).served

    def closed(self, service: str = "api") -> bool:
        return self._route(service).closed

    def running(self, service: str = "api") -> list[str]:
        """The releases (or commits) of all processes that run, warm ones too."""
        return [p.release or p.commit for p in self._route(service).processes if p.running]

    def calls(self, deployment: str) -> list[str]:
        """What was done for a deployment, such as `build api`."""
        return [f"{call} {service}" for call, of, service in self.target.known.calls if of == deployment]

    def smoke_tests(self, deployment: str) -> list[str]:
        """Where its smoke tests ran, such as `api candidate`."""
        return [f"{service} {where}" for of, service, where, _ in self.smoke.ran if of == deployment]

    def _arm(self, fault: Fault) -> None:
        self.target.faults.arm(self.environment, fault)

    def _arm_smoke(self, fault: Fault) -> None:
        self.smoke.faults.arm(self.environment, fault)

    def _route(self, service: str) -> Route:
        return self.target.route(self.environment, service)
