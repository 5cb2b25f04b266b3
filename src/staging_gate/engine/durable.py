"""All that we take from DBOS: start something once, checkpoint its steps, run it again after a crash.

Slow to import, so only a starting engine does. One workflow does for all procedures: which one it is, our table says.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos._dbos import _get_dbos_instance
from dbos._error import DBOSException, DBOSUnexpectedStepError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from staging_gate.engine.answers import StepsChanged
from staging_gate.engine.journal import Interrupted, Unrecorded

_RECOVERY_POLL_SECONDS = 0.02
_IDLE_POLL_SECONDS = 0.5
_NEVER_SECONDS = 3600.0


def _not_launched(run: str) -> None:
    raise Interrupted


_execute: Callable[[str], None] = _not_launched


def launch(database: Engine, executor: str, threads: int, execute: Callable[[str], None]) -> None:
    """Start DBOS in this process; what `executor` left unfinished begins again by itself, through `execute(run)`."""
    global _execute  # noqa: PLW0603 - DBOS is one per process too, and knows workflows by name only
    if _execute is not _not_launched:
        raise RuntimeError("There is an engine in this process already; stop it first.")
    _execute = execute
    _keep_off_the_console()
    try:
        dbos = DBOS(config=_config(database, executor, threads))
        _poll(dbos, _RECOVERY_POLL_SECONDS)
        DBOS.launch()
    except BaseException:
        stop()
        raise


def calm() -> None:
    """What was left unfinished runs again: look for more of it seldom, it costs a tenth of a core."""
    _poll(_get_dbos_instance(), _IDLE_POLL_SECONDS)


def stop() -> None:
    """Stop at once. What runs is not waited for: its thread ends by itself, and the next start takes it up again."""
    global _execute  # noqa: PLW0603
    DBOS.destroy()
    _execute = _not_launched


def start(run: str) -> None:
    """Have the run executed in this process, unless it was ever started before, here or elsewhere."""
    with SetWorkflowID(run):
        DBOS.start_workflow(_workflow)


def step(name: str, do: Callable[[], Any]) -> Any:
    """Inside a run: what `do` returns, or what it returned in an earlier execution of this run. `do` must not raise.

    Raises Interrupted where this execution can not go on, StepsChanged where an earlier one took another step here.
    """
    if DBOS.workflow_id is None or DBOS.step_id is not None:
        raise RuntimeError(f"The step {name!r} is taken inside another step or thread; only the procedure takes steps.")
    try:
        return DBOS.run_step({"name": name}, do)
    except DBOSUnexpectedStepError as error:
        raise StepsChanged(
            f"This run went another way before: where it takes the step {name!r} now, it took another one then."
        ) from error
    except DBAPIError as error:
        raise Unrecorded from error
    except DBOSException as error:
        # It is cancelled or continued elsewhere, or DBOS is stopping.
        raise Interrupted from error


def again(run: str) -> None:
    """Have an execution that ended as Unrecorded followed by another one."""
    DBOS.resume_workflow(run)


def executors_with_unfinished_runs() -> set[str]:
    found = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {workflow.executor_id for workflow in found if workflow.executor_id}


def take_over(executors: Sequence[str]) -> None:
    """Have the unfinished runs of dead executors executed by whoever is alive. Asking twice does nothing twice."""
    DBOS._recover_pending_workflows(list(executors))


@DBOS.workflow(name="run", max_recovery_attempts=None)
def _workflow() -> None:
    _execute(str(DBOS.workflow_id))


def _poll(dbos: DBOS, seconds: float) -> None:
    # Recovered runs pass through its internal queue, which has no public setting; a contract test watches over this.
    dbos._registry.get_internal_queue()._polling_interval_sec = seconds


def _config(database: Engine, executor: str, threads: int) -> DBOSConfig:
    return {
        "name": "staging-gate",
        # Never changes: with another version DBOS leaves everything that is in flight where it is, for ever.
        "application_version": "1",
        "executor_id": executor,
        "system_database_url": database.url.render_as_string(hide_password=False),
        "system_database_engine": database,
        "serializer": DBOSPortableJSONSerializer(),
        "max_executor_threads": threads,
        "scheduler_polling_interval_sec": _NEVER_SECONDS,
        # We use none of its messages; how long its listener sleeps is how long a stop takes.
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.05,
        "log_level": "WARNING",
    }


def _keep_off_the_console() -> None:
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
