"""What a diagnosis says: the cause in a sentence, what was seen, and what to run next."""

from collections.abc import Iterator

from staging_gate.domain.diagnosis import Answer, Cause, Diagnosis, Suspect

NAMES = {
    Cause.BROKEN_CODE: "code that can not run",
    Cause.SEVERAL_HEADS: "several heads",
    Cause.UNREACHABLE: "database away",
    Cause.UNKNOWN_REVISION: "unknown revision",
    Cause.PERMISSION: "a right is missing",
    Cause.LOCK_TIMEOUT: "lock time-out",
    Cause.DEADLOCK: "deadlock",
    Cause.TIME_OUT: "time-out",
    Cause.DISK_FULL: "disk full",
    Cause.ROWS: "rows that do not fit",
    Cause.PARTLY_APPLIED: "partly applied",
}
MARKS = {Answer.CONFIRMED: "!", Answer.RULED_OUT: "-", Answer.UNKNOWN: "?"}


def sentence(diagnosis: Diagnosis) -> str:
    """The causes that were found, for the failure of a deployment; empty where none was."""
    return " ".join(one.says for one in diagnosis.confirmed)


def heading(diagnosis: Diagnosis) -> str:
    return f"The migrations of {diagnosis.service} in {diagnosis.environment} ({diagnosis.deployment})"


def lines(diagnosis: Diagnosis, every: bool = True) -> Iterator[str]:
    """What was found first; with `every`, what is not known and what was ruled out too."""
    yield heading(diagnosis)
    order = (Answer.CONFIRMED, Answer.UNKNOWN, Answer.RULED_OUT) if every else (Answer.CONFIRMED,)
    if not diagnosis.confirmed:
        yield "  No known cause was found. The whole of what they said is in the log of the step."
    for answer in order:
        for one in diagnosis.suspects:
            if one.answer is answer:
                yield from _suspect(one)


def nothing_failed() -> str:
    return "No deployment has failed lately: name one, as in `gate diagnose migration production-7`."


def no_schema(service: str) -> str:
    return f"{service} has no schema in gate.yaml, so there are no migrations."


def _suspect(one: Suspect) -> Iterator[str]:
    yield f"  {MARKS[one.answer]} {NAMES[one.cause]}: {one.says}"
    if one.answer is Answer.RULED_OUT:
        return
    for seen in one.evidence:
        yield f"      {seen}"
    for step in one.next:
        yield f"    > {step.why}"
        yield f"      {step.run}"
