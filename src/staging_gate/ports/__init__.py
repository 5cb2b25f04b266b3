"""What the procedures need from outside, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from staging_gate.ports.checks import CheckRunner, SmokeTester
from staging_gate.ports.clock import Clock
from staging_gate.ports.code_host import CodeHost
from staging_gate.ports.deliveries import Deliveries
from staging_gate.ports.deploy_target import DeployTarget
from staging_gate.ports.hints import Hearer
from staging_gate.ports.logs import Logs
from staging_gate.ports.notifier import Notifier
from staging_gate.ports.policy import PolicyReader
from staging_gate.ports.protection import Protection
from staging_gate.ports.pull_requests import PullRequests
from staging_gate.ports.pushes import TagNews
from staging_gate.ports.reports import Reports
from staging_gate.ports.store import Store
from staging_gate.ports.way_back import WayBackProver
from staging_gate.ports.webhooks import Webhooks


@dataclass(frozen=True)
class Ports:
    """All outsides of one installation, bound once by bootstrap. `targets` has one per provider name; `address` is
    where people reach its pages, empty where that is not known. `pull_requests` is there where people also work at the
    code host, and `reports` shows them there what we decide and do. `hearers` are told of what providers tell us."""

    clock: Clock
    store: Store
    code_host: CodeHost
    targets: Mapping[str, DeployTarget]
    checks: CheckRunner
    smoke: SmokeTester
    logs: Logs
    policy: PolicyReader
    notifier: Notifier
    way_back: WayBackProver
    address: str = ""
    hearers: Mapping[str, Hearer] = field(default_factory=dict)
    pull_requests: PullRequests | None = None
    protection: Protection | None = None
    deliveries: Mapping[str, Deliveries] = field(default_factory=dict)
    reports: Reports | None = None
    webhooks: Webhooks | None = None
    tag_news: TagNews | None = None
