"""Maintenance in the alphabet: it is announced and cancelled, and migrations that shut people out wait for it."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.deployment import Deployment, DeploymentKind
from staging_gate.domain.environment import Environment
from staging_gate.domain.maintenance import Maintenance
from staging_gate.ports.store import Transaction
from staging_gate.runbook import deciding, maintaining
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.maintaining import Plan
from staging_gate.runbook.policy import NoPolicy
from tests.machine.running import Running
from tests.machine.stage import ANY, SOMEBODY, one_of
from tests.messages.said_migrations import REWRITE

NEEDED = "needs_maintenance_window"


class Maintaining(Running):
    @rule(by=SOMEBODY, begins=st.sampled_from(("+0m", "+2h", "+1d")), environment=st.sampled_from(tuple(Environment)))
    def somebody_announces_maintenance(self, by: str, begins: str, environment: Environment) -> None:
        self.announce(by, begins, environment)

    @rule(by=SOMEBODY, which=ANY)
    def somebody_cancels_maintenance(self, by: str, which: int) -> None:
        with self.world.store.reading() as tx:
            known = tx.maintenances.recent()
        if not known:
            return
        found = one_of(known, which)
        self.act(
            f"{by} cancels maintenance {found.id}",
            lambda: maintaining.cancel(self.world.ports, found.id, "the plan was wrong", self.world.person(by)),
            lambda: deciding.on_maintaining(self.world.ports, found, self.world.person(by)),
            besides=(Unusable, NoPolicy),
        )

    @rule()
    def the_next_migrations_shut_people_out(self) -> None:
        """Of the tree that is proved next."""
        self.world.checks.next_report(REWRITE)

    @rule(by=st.sampled_from(("tess", "theo", "dora")))
    def what_waits_for_maintenance_gets_one(self, by: str) -> None:
        self.announce(by, "+0m", Environment.PRODUCTION)
        self.what_is_merged_is_published(by)

    # --- what they are made of -----------------------------------------------------------------------------------

    def announce(self, by: str, begins: str, environment: Environment) -> None:
        plan = Plan("Move prices", begins, "+3h", environment=environment)
        now = self.world.clock.now()
        somebody = Maintenance(0, "", environment, now, now, by, now)
        self.act(
            f"{by} announces maintenance of {environment} for {begins}",
            lambda: maintaining.announce(self.world.ports, plan, self.world.person(by)),
            lambda: deciding.on_maintaining(self.world.ports, somebody, self.world.person(by)),
            besides=(Unusable, NoPolicy),
        )

    def look(self) -> None:
        """What shuts people out came to production in a maintenance, or under a bypass."""
        super().look()
        with self.world.store.reading() as tx:
            for deployment in self.now.deployments:
                assert _was_let_in(tx, deployment), f"{deployment.id} shuts people out, outside of any maintenance"


def _was_let_in(tx: Transaction, deployment: Deployment) -> bool:
    if deployment.environment is not Environment.PRODUCTION or deployment.kind is not DeploymentKind.DEPLOY:
        return True
    if deployment.switched_at is None or deployment.started_at is None:
        return True
    reports = tx.migration_reports.of_tree(deployment.revision.tree)
    if not any(report.needs_window(deployment.started_at.date()) for report in reports):
        return True
    return _in_maintenance(tx, deployment) or _is_there_already(tx, deployment) or _bypassed(tx, deployment)


def _in_maintenance(tx: Transaction, deployment: Deployment) -> bool:
    at = deployment.started_at
    assert at is not None
    return any(
        each.starts_at <= at < each.ends_at and (each.cancelled_at is None or each.cancelled_at > at)
        for each in tx.maintenances.recent(500)
        if each.environment is Environment.PRODUCTION
    )


def _is_there_already(tx: Transaction, deployment: Deployment) -> bool:
    """To deploy again what is live brings nothing new."""
    before = [one for one in tx.deployments.recent(Environment.PRODUCTION, 500) if one.id != deployment.id]
    assert deployment.started_at is not None
    return any(
        one.revision == deployment.revision and one.switched_at and one.switched_at < deployment.started_at
        for one in before
    )


def _bypassed(tx: Transaction, deployment: Deployment) -> bool:
    subjects = (deployment.release, f"change {deployment.change}")
    return any(each.code == NEEDED and each.was_used for one in subjects if one for each in tx.bypasses.about(one))
