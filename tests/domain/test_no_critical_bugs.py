"""No release over an open critical bug, and who may say that one is over."""

from datetime import UTC, datetime

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Facts, ReleaseFacts, evaluate
from staging_gate.domain.gate.rules import no_critical_bugs
from staging_gate.domain.incident import Incident, Severity
from staging_gate.domain.policy import Lane, Policy, Requirement

AT = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
ADA = Actor("ada")


def policy(*requires: Requirement) -> Policy:
    production = Lane(Environment.PRODUCTION, "main", requires=requires)
    return Policy("shop", "0" * 64, (), Lane(Environment.STAGING, "staging"), production)


def facts(bugs: tuple[str, ...] | None) -> Facts:
    return Facts(Environment.PRODUCTION, release=ReleaseFacts("v1.0.0", "c" * 40, "d" * 40, critical_bugs=bugs))


def test_nothing_open_lets_it_through() -> None:
    asked = policy(Requirement.NO_CRITICAL_BUGS)
    assert no_critical_bugs.rule(asked, facts(()), Action.PUBLISH, ADA, AT) is None


def test_what_is_open_is_the_evidence() -> None:
    reason = no_critical_bugs.rule(
        policy(Requirement.NO_CRITICAL_BUGS), facts(("P1 incident 3", "P0 incident 4")), Action.PUBLISH, ADA, AT
    )
    assert reason is not None
    assert (reason.code, reason.sentence) == ("critical_bugs", "2 critical bugs are open.")
    assert reason.evidence == ("P1 incident 3", "P0 incident 4")
    assert reason.opens_when == (
        'Resolve what is open (`gate incident resolve ID --reason "..."`), or take the release back: '
        "`gate release withdraw`."
    )


def test_not_knowing_is_a_no() -> None:
    reason = no_critical_bugs.rule(policy(Requirement.NO_CRITICAL_BUGS), facts(None), Action.PUBLISH, ADA, AT)
    assert reason is not None
    assert reason.code == "critical_bugs_unknown"


def test_a_policy_that_does_not_ask_is_not_told() -> None:
    assert no_critical_bugs.rule(policy(), facts(("P0 incident 1",)), Action.PUBLISH, ADA, AT) is None


@pytest.mark.parametrize(
    ("actor", "codes"),
    [
        (ADA, ()),  # opened it
        (Actor("ben"), ("no_right",)),
        (Actor("stan", roles=frozenset({"stakeholder"})), ("no_right",)),
        *[(Actor("dora", roles=frozenset({role})), ()) for role in ("tech_lead", "devops", "on_call", "admin")],
    ],
)
def test_who_opened_an_incident_or_has_the_right_resolves_it(actor: Actor, codes: tuple[str, ...]) -> None:
    known = Facts(Environment.PRODUCTION, incident=Incident(3, Severity.P1, "login fails", "ada", AT))
    assert evaluate(None, known, Action.RESOLVE, actor, AT).codes == codes


def test_only_the_two_worst_are_critical() -> None:
    assert [severity.is_critical for severity in Severity] == [True, True, False, False]
