"""What is answered to a run at the code host that waits for our word."""

from staging_gate.domain.gate import Decision
from staging_gate.messages import check_runs
from staging_gate.messages.markdown import plain


def no_such_environment(name: str) -> str:
    return f"Staging Gate knows no environment {plain(name)}: it decides on staging and production."


def no_such_commit(commit: str) -> str:
    return f"{commit[:10]} is not in the repository that Staging Gate reads: nothing is known of it."


def no_policy() -> str:
    return "main has no gate.yaml that can be read: nothing can be decided."


def decided(decision: Decision, zone: str, address: str) -> str:
    return check_runs.summary(decision, zone, address=address)
