"""Everything a decision may look at, read in one consistent view. Frozen; unknown is None, never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from staging_gate.domain.announcement import Announcement
from staging_gate.domain.approval import Approval
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check
from staging_gate.domain.deployment import Deployment, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate.decision import Reason
from staging_gate.domain.going_back import Wish
from staging_gate.domain.hotfix import HotfixFacts
from staging_gate.domain.incident import Incident
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.migration import MigrationReport
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.pull_request import Heard
from staging_gate.domain.release import Hold, Quarantine, Release
from staging_gate.domain.way_back import WayBack


@dataclass(frozen=True)
class ReleaseFacts:
    """What is known of a release that somebody wants to promote.

    `tree` is what would go live. `tag_at` is the commit the tag points at already (None: no such tag), `annotated`
    whether that tag is. `greatest` is the greatest release tag there is but this one, `lacks` the last release where
    this one does not hold it. `commits` is how many it has since then. `verified` is the record that
    the tree was proved in staging. `included` are the merged changes that it ships, `tested` those that a person
    tried. `checks` are the results of its tree, `migrations` what was found about its migrations. `critical_bugs` are
    sentences, None where nothing could be read.
    `hotfix_reason` is why it is urgent, None for a regular release. `breaking` are its breaking changes, `announced`
    what people were told of it, oldest first. `goes_back_to` is what production runs and would go back to, `way_back`
    what is known of that way (None: nothing).
    """

    tag: str
    commit: str
    tree: str
    release: Release | None = None
    tag_at: str | None = None
    annotated: bool = True
    on_main: bool = True
    greatest: str | None = None
    verified: Verification | None = None
    included: tuple[Change, ...] = ()
    tested: frozenset[int] = frozenset()
    checks: Mapping[str, Check] = field(default_factory=dict)
    critical_bugs: tuple[str, ...] | None = ()
    approvals: tuple[Approval, ...] = ()
    hotfix_reason: str | None = None
    lacks: str | None = None
    commits: int = 0
    breaking: tuple[str, ...] = ()
    announced: tuple[Announcement, ...] = ()
    migrations: tuple[MigrationReport, ...] = ()
    goes_back_to: Deployment | None = None
    way_back: WayBack | None = None

    def oldest(self) -> list[Change]:
        """The included changes, those first that waited longest."""
        merged = [(change.merged_at, change.number, change) for change in self.included if change.merged_at]
        return [change for _, _, change in sorted(merged, key=lambda each: each[:2])]

    def waited(self, at: datetime) -> timedelta | None:
        """How long the oldest included change has been merged; None where nothing is known to be included."""
        oldest = self.oldest()
        return at - oldest[0].merged_at if oldest and oldest[0].merged_at else None


@dataclass(frozen=True)
class UnderWay:
    """A release that has not ended yet, its change and who said yes to it."""

    release: Release
    change: Change | None = None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True)
class Facts:
    """`intent_*` is what the actor asked for besides the action itself.

    `under_way` are the regular releases that have not ended, oldest first; `release_ended_at` is when one did last.
    `bypasses` are those for this change or release and its tree, whatever became of them.
    `hotfix` is there for a hotfix on its way to production, None for every other change.
    `maintenances` are those of production that are on or to come, `intent_maintenance` is the one that somebody wants
    to announce, as it would be.
    `main_ahead` are commits of main that staging lacks. `proof_touched` are the files by which a change alters how it
    is proved, `policy_problems` what is wrong in the gate.yaml that it brings. `target_problems` are sentences of
    targets that can not be deployed to. `again` is what production runs, where just that would be deployed once
    more. `rollback_to` is the deployment whose release a rollback would bring back, `rollback_name` or
    `rollback_back` (how many releases) what was asked for. `database` is the deployment whose migrations production's
    database has, `way_back` what is known of the way from there to `rollback_to`, `intent_wish` what whoever asks says
    about it.
    `incident` is the one that somebody wants to resolve, `deployment` the one that
    somebody wants to cancel, `bypass` the one that somebody wants to withdraw. Who wants to bypass `intent_code` finds
    the gate `closed_by` these reasons. `connected`: people also work at the code host, and `pull_request` is what it
    said last of the change (None: nothing yet). `unmerged` is the commit that somebody wants in staging past its
    branch.
    """

    environment: Environment
    change: Change | None = None
    source: str | None = None
    target: str | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    holds: tuple[Hold, ...] = ()
    quarantines: tuple[Quarantine, ...] = ()
    bypasses: tuple[Bypass, ...] = ()
    release: ReleaseFacts | None = None
    hotfix: HotfixFacts | None = None
    under_way: tuple[UnderWay, ...] = ()
    release_ended_at: datetime | None = None
    main_ahead: tuple[str, ...] = ()
    adds_policy: bool = False
    proof_touched: tuple[str, ...] = ()
    policy_problems: tuple[str, ...] = ()
    target_problems: tuple[str, ...] = ()
    unmerged: str = ""
    live: Deployment | None = None
    again: Deployment | None = None
    rollback_to: Deployment | None = None
    rollback_name: str | None = None
    rollback_back: int | None = None
    database: Deployment | None = None
    way_back: WayBack | None = None
    intent_wish: Wish = Wish()
    incident: Incident | None = None
    deployment: Deployment | None = None
    intent_method: MergeMethod | None = None
    intent_role: str | None = None
    intent_code: str | None = None
    closed_by: tuple[Reason, ...] = ()
    bypass: Bypass | None = None
    maintenances: tuple[Maintenance, ...] = ()
    intent_maintenance: Maintenance | None = None
    connected: bool = False
    pull_request: Heard | None = None
