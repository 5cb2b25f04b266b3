"""What we read of GitHub's answers. Only what names a thing is demanded; all else may be missing, null or new.

Unknown fields are kept, enumerations are plain text: GitHub adds values without a new version.
"""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from staging_gate.ports.errors import Unavailable
from staging_gate.wire.answers import Answer


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class User(Shape):
    """`type` is User, Bot or Organization. Null instead of a user: the account is gone."""

    login: str
    type: str | None = None

    @property
    def is_person(self) -> bool:
        return self.type in (None, "User")


class Label(Shape):
    name: str | None = None


class Tip(Shape):
    """One side of a pull request. `repo` is null where the fork is gone."""

    ref: str
    sha: str
    label: str | None = None
    repo: dict[str, Any] | None = None


class PullRequest(Shape):
    """`mergeable` null: GitHub is still computing. `merged` is missing in lists, where `merged_at` says it.

    `merge_commit_sha` is a trial merge before the merge and the merge after it; API versions from 2026-03-10 on leave
    it out.
    """

    number: int
    state: str
    head: Tip
    base: Tip
    title: str | None = None
    body: str | None = None
    user: User | None = None
    labels: list[Label] | None = None
    draft: bool | None = None
    merged: bool | None = None
    merged_at: datetime | None = None
    mergeable: bool | None = None
    mergeable_state: str | None = None
    merge_commit_sha: str | None = None
    merged_by: User | None = None
    html_url: str | None = None

    @property
    def is_merged(self) -> bool:
        return bool(self.merged) or self.merged_at is not None


class Review(Shape):
    """In the order in which they were given. `user` is null where the account is gone, `commit_id` may be too."""

    state: str
    user: User | None = None
    commit_id: str | None = None
    submitted_at: datetime | None = None
    id: int | None = None
    html_url: str | None = None


class Issue(Shape):
    """A pull request as GitHub's issues show it: only there it says who closed it."""

    number: int
    closed_by: User | None = None


class App(Shape):
    id: int | None = None
    slug: str | None = None


class CheckRun(Shape):
    """`conclusion` is null until `status` is completed, and in recordings afterwards too."""

    name: str
    status: str | None = None
    conclusion: str | None = None
    head_sha: str | None = None
    app: App | None = None
    html_url: str | None = None
    details_url: str | None = None


class CheckRuns(Shape):
    check_runs: list[CheckRun]


class Status(Shape):
    """A commit status: the older kind of check."""

    context: str
    state: str | None = None
    target_url: str | None = None


class CombinedStatus(Shape):
    """`state` is pending too where there are no statuses at all, so it is not read."""

    statuses: list[Status]


class RequiredContext(Shape):
    """The App that must report it: `integration_id` in rulesets, `app_id` in classic protection, -1 or null for any."""

    context: str
    integration_id: int | None = None
    app_id: int | None = None


class RuleParameters(Shape):
    required_status_checks: list[RequiredContext] | None = None
    strict_required_status_checks_policy: bool | None = None


class Rule(Shape):
    type: str
    parameters: RuleParameters | None = None


class ClassicRequirement(Shape):
    """`checks` is missing on older servers, where `contexts` says it alone."""

    strict: bool | None = None
    contexts: list[str] | None = None
    checks: list[RequiredContext] | None = None


class ClassicProtection(Shape):
    required_status_checks: ClassicRequirement | None = None


class Branch(Shape):
    name: str
    protected: bool | None = None
    protection: ClassicProtection | None = None


class Release(Shape):
    id: int
    tag_name: str
    draft: bool | None = None
    name: str | None = None
    body: str | None = None
    html_url: str | None = None


class Notes(Shape):
    name: str | None = None
    body: str


class MergeResult(Shape):
    sha: str
    merged: bool | None = None
    message: str | None = None


class Activity(Shape):
    """A move of a ref: `activity_type` is push, force_push, branch_creation, pr_merge, ..."""

    after: str | None = None
    activity_type: str | None = None
    actor: User | None = None


class GitObject(Shape):
    sha: str
    type: str | None = None


class GitRef(Shape):
    ref: str
    object: GitObject


class GitTag(Shape):
    sha: str
    tag: str | None = None
    object: GitObject | None = None


class Repository(Shape):
    """`permissions` are those of whoever asks; missing where GitHub does not say."""

    full_name: str
    default_branch: str | None = None
    permissions: dict[str, bool] | None = None
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    archived: bool | None = None


class Installation(Shape):
    id: int
    app_id: int | None = None
    app_slug: str | None = None
    permissions: dict[str, str] | None = None


class InstallationToken(Shape):
    token: str
    expires_at: datetime
    permissions: dict[str, str] | None = None


T = TypeVar("T")


def understood(kind: type[T], answer: Answer) -> T:
    """The body of an answer. Unavailable where it lacks what names the thing: nothing is guessed."""
    return understood_value(kind, answer.json())


def understood_value(kind: type[T], value: Any) -> T:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'all of it'}: {one['msg']}" for one in error.errors())
        raise Unavailable(
            f"GitHub answered in a form that is not understood: {places[:300]}. If it stays so, the address in the "
            "settings may not be that of the API."
        ) from error
