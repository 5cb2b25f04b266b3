"""Reading a gate.yaml: parse, compare with models and rules, then tell every problem or give the policy."""

from functools import lru_cache

from staging_gate.config.document import Unreadable, read_tree
from staging_gate.config.policy import to_policy
from staging_gate.config.rules import broken_rules
from staging_gate.config.structure import structured
from staging_gate.config.tree import Problem
from staging_gate.domain.policy import Policy
from staging_gate.ports.policy import PolicyProblems


class YamlPolicyReader:
    """Implements ports.policy.PolicyReader. Pure: reads no files and no secrets."""

    def read(self, text: bytes, name: str) -> Policy:
        """Raises PolicyProblems, sorted by place; values that may be secret are in none of them."""
        return _policy(text, name)


@lru_cache(maxsize=16)  # the policy in force is asked for at every step, and changes once a week
def _policy(text: bytes, name: str) -> Policy:
    try:
        tree = read_tree(text)
    except Unreadable as unreadable:
        raise PolicyProblems((unreadable.problem.shown(name),)) from None
    gate, misfits = structured(tree)
    problems = _without_echoes(tree.problems, misfits, list(broken_rules(tree)))
    if problems or gate is None:
        raise PolicyProblems(tuple(problem.shown(name) for problem in sorted(problems)))
    return to_policy(gate)


def _without_echoes(*sources: list[Problem]) -> list[Problem]:
    """What an earlier source says about a path explains what a later one says about it."""
    problems: list[Problem] = []
    for source in sources:
        explained = {problem.path for problem in problems}
        problems += [problem for problem in source if problem.path not in explained]
    return problems
