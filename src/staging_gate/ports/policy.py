"""From text to policy."""

from typing import Protocol

from staging_gate.domain.policy import Policy


class PolicyProblems(Exception):
    """Every problem of a gate.yaml at once, each as `gate.yaml:17:5: path: what was wanted, what was found`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class PolicyReader(Protocol):
    def read(self, text: bytes, name: str) -> Policy:
        """Parse and check; `name` is shown in problems. Raises PolicyProblems."""
        ...
