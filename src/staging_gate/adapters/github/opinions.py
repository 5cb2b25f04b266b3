"""What people and machines said of a pull request at GitHub, as GitHub itself would count it.

Nothing is guessed: what is unknown counts for nobody, and keeps its own word.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from staging_gate.adapters.github import shapes
from staging_gate.domain.check import Verdict

GOOD = ("success", "neutral", "skipped")
"""Conclusions that GitHub takes for passed."""

BAD = ("failure", "timed_out", "action_required", "startup_failure")

STATUSES = {
    "success": Verdict.PASSED,
    "failure": Verdict.FAILED,
    "error": Verdict.ERRORED,
    "pending": Verdict.PENDING,
}

NO_OPINION = ("COMMENTED", "PENDING")
ANY_APP = -1


@dataclass(frozen=True)
class Opinion:
    """The last word of one person. `state` is GitHub's, `commit` what it was said of, None where GitHub forgot."""

    person: str
    state: str
    commit: str | None
    is_person: bool
    key: str = ""
    at: datetime | None = None
    address: str | None = None

    @property
    def approves(self) -> bool:
        return self.state == "APPROVED" and self.is_person

    def is_stale(self, head: str) -> bool:
        """Whether it was said of other code than this, or nobody knows of which."""
        return self.commit != head


@dataclass(frozen=True)
class Check:
    """A check run or a commit status. `app` is who reported a run."""

    name: str
    verdict: Verdict
    app: int | None = None
    address: str | None = None


@dataclass(frozen=True)
class Required:
    """`app` None: whoever reports it. `strict`: the branch must be up to date too."""

    name: str
    app: int | None = None
    strict: bool = False


def last_words(reviews: Iterable[shapes.Review]) -> list[Opinion]:
    """One for each account. A comment takes no verdict back; a dismissed review is none. Lost accounts do not count."""
    last: dict[str, Opinion] = {}
    for review in reviews:
        state = review.state.upper()
        if review.user is not None and state not in NO_OPINION:
            user = review.user
            last[user.login] = Opinion(
                user.login,
                state,
                review.commit_id,
                user.is_person,
                str(review.id or ""),
                review.submitted_at,
                review.html_url,
            )
    return [opinion for opinion in last.values() if opinion.state != "DISMISSED"]


def checks(runs: Iterable[shapes.CheckRun], statuses: Iterable[shapes.Status]) -> list[Check]:
    """Both kinds; one of each may have the same name, and then both count."""
    found = [Check(run.name, _of_run(run), run.app.id if run.app else None, run.html_url) for run in runs]
    return found + [
        Check(one.context, STATUSES.get(one.state or "", Verdict.ERRORED), None, one.target_url) for one in statuses
    ]


def required(rules: Iterable[shapes.Rule], classic: shapes.ClassicRequirement | None) -> list[Required]:
    """By rulesets and by classic protection: whoever asks for more counts."""
    found: dict[tuple[str, int | None], bool] = {}
    for rule in rules:
        if rule.type == "required_status_checks" and rule.parameters:
            strict = bool(rule.parameters.strict_required_status_checks_policy)
            for one in rule.parameters.required_status_checks or []:
                _add(found, one.context, one.integration_id, strict)
    if classic:
        bound = classic.checks or []
        for one in bound:
            _add(found, one.context, one.app_id, bool(classic.strict))
        for name in set(classic.contexts or []) - {one.context for one in bound}:
            _add(found, name, None, bool(classic.strict))
    return [Required(name, app, strict) for (name, app), strict in sorted(found.items(), key=str)]


def standing(wanted: Required, checks: Sequence[Check]) -> Verdict:
    """Where a required check stands: the worst of all that bear its name, missing where none does.

    One that is bound to an App is not met by what another App, or a status, says.
    """
    found = {check.verdict for check in checks if check.name == wanted.name and wanted.app in (None, check.app)}
    order = (Verdict.FAILED, Verdict.ERRORED, Verdict.PENDING, Verdict.PASSED)
    return next((verdict for verdict in order if verdict in found), Verdict.MISSING)


def _of_run(run: shapes.CheckRun) -> Verdict:
    if run.status != "completed" or run.conclusion is None:
        return Verdict.PENDING
    if run.conclusion in GOOD:
        return Verdict.PASSED
    return Verdict.FAILED if run.conclusion in BAD else Verdict.ERRORED


def _add(found: dict[tuple[str, int | None], bool], name: str, app: int | None, strict: bool) -> None:
    key = (name, None if app == ANY_APP else app)
    found[key] = found.get(key, False) or strict
