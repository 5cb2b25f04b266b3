"""What has come due. Hours and days are rows with a due time, looked at every few seconds by every process of ours.

Several may look at the same moment: each row is claimed by compare-and-set, in the transaction that does what it says.
"""

import logging
from collections.abc import Callable

from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError
from staging_gate.ports.store import Stale
from staging_gate.runbook import (
    ahead,
    answering,
    backing_up,
    cleaning_up,
    first_minutes,
    following_up,
    hotfixing,
    losing_sight,
    notifying,
    reporting,
    taking_up,
    waiting,
)

log = logging.getLogger(__name__)

Due = Callable[[Ports], None]

DUE: tuple[Due, ...] = (
    waiting.deploy_what_waits,
    waiting.publish_what_is_due,
    taking_up.take_up_merges,
    waiting.merge_what_is_ready,
    following_up.remind,
    hotfixing.prove_what_is_ready,
    hotfixing.bring_staging_back,
    first_minutes.look_at_logs,
    cleaning_up.after_checks,
    backing_up.remove_old_ones,
    backing_up.remove_what_nobody_remembers,
    ahead.let_go,
    losing_sight.look_whether_targets_answer,
)
"""Each does all of its kind that is due, and nothing where nothing is."""

NEWS: tuple[Due, ...] = (notifying.look_up_recipients, notifying.tell_again, notifying.send_what_is_due)
"""Apart, because who is told may be slow to answer, and nothing else must wait for that."""

REPORTS: tuple[Due, ...] = (
    reporting.verdicts,
    reporting.deployments,
    reporting.releases,
    answering.answer_what_waits,
    reporting.comments,
)
"""Apart too: nobody waits for a code host that only shows what we do. What others wait for there comes first."""


def tick(ports: Ports) -> None:
    """One that can not be done now does not keep the others back; it is tried again with the next tick."""
    _do_each(DUE, ports)


def notify(ports: Ports) -> None:
    """The same for what people are to be told."""
    _do_each(NEWS, ports)


def report(ports: Ports) -> None:
    """The same for what the code host shows."""
    if ports.reports is not None:
        _do_each(REPORTS, ports)


def _do_each(kinds: tuple[Due, ...], ports: Ports) -> None:
    for due in kinds:
        try:
            due(ports)
        except Stale:
            log.debug("somebody else did first what %s found due", due.__name__)
        except OutsideError as error:
            log.warning("%s could not do what is due, trying again: %s", due.__name__, error)
