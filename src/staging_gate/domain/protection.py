"""What a code host refuses by itself, whatever we say: rules on branches and tags, and who may pass them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from staging_gate.domain.policy import Lane, MergeMethod

OURS = "Staging Gate: "
"""How the names of our rulesets begin; all others are somebody else's."""

VERDICT = "staging-gate"
"""The check by which our verdict is told."""

ACTIVE = "active"
REBASE = "rebase"


class PasserKind(StrEnum):
    APP = "app"
    PERSON = "person"
    TEAM = "team"
    ROLE = "role"
    OWNERS = "owners of the organization"
    DEPLOY_KEYS = "deploy keys"


class Mode(StrEnum):
    ALWAYS = "always"
    PULL_REQUESTS = "on pull requests"
    UNSEEN = "always, without a trace"


@dataclass(frozen=True)
class Passer:
    """Who may pass rules. `id` is the host's number, where it counts that kind; `name` is for people to read."""

    kind: PasserKind
    id: int | None = None
    mode: Mode = Mode.ALWAYS
    name: str = field(default="", compare=False)

    def is_same(self, other: "Passer") -> bool:
        return (self.kind, self.id) == (other.kind, other.id)


ADMINISTRATORS = Passer(PasserKind.ROLE, 5, name="administrators")


@dataclass(frozen=True)
class PullRequestRule:
    """Commits come by pull request only. `methods` None: all that the repository allows. `more` are rules that we
    never write, by the host's names."""

    approvals: int = 0
    dismisses_stale: bool = False
    methods: frozenset[str] | None = None
    more: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RequiredCheck:
    """`app` None: whoever reports it."""

    name: str
    app: int | None = None


@dataclass(frozen=True)
class Ruleset:
    """`refuses` has `creation`, `update`, `deletion`, `non_fast_forward`, and rules that we never write.

    `include` and `exclude` are patterns of whole refs. `passers` None: they are not shown to us. `own`: the
    repository's, not the organization's.
    """

    name: str
    tags: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    refuses: frozenset[str] = frozenset()
    pull_request: PullRequestRule | None = None
    checks: frozenset[RequiredCheck] = frozenset()
    strict: bool = False
    passers: frozenset[Passer] | None = frozenset()
    enforcement: str = ACTIVE
    own: bool = True
    id: int | None = field(default=None, compare=False)

    @property
    def is_ours(self) -> bool:
        return self.own and self.name.startswith(OURS)

    @property
    def acts(self) -> bool:
        return self.enforcement == ACTIVE

    def naming(self, known: Iterable[Passer]) -> "Ruleset":
        """The same, with the names of those whom we know: the host tells numbers only."""
        if self.passers is None:
            return self
        names = {(one.kind, one.id): one.name for one in known}
        named = (replace(one, name=names.get((one.kind, one.id), one.name)) for one in self.passers)
        return replace(self, passers=frozenset(named))

    def covers(self, ref: str, default_branch: str) -> bool:
        """Whether it is about this ref, such as `refs/heads/main`."""
        if self.tags is not ref.startswith("refs/tags/"):
            return False
        matches = (_matches(pattern, ref, default_branch) for pattern in self.include)
        return any(matches) and not any(_matches(pattern, ref, default_branch) for pattern in self.exclude)


@dataclass(frozen=True)
class Classic:
    """The older protection of one branch. `admins_bound` False: administrators may do what it refuses. `known` False:
    it is there, and not shown to us."""

    pull_request: PullRequestRule | None = None
    checks: frozenset[RequiredCheck] = frozenset()
    strict: bool = False
    admins_bound: bool = False
    refuses: frozenset[str] = frozenset()
    passers: frozenset[Passer] = frozenset()
    known: bool = True


@dataclass(frozen=True)
class Particulars:
    """Of the repository. None: it is not shown to us. The last two are about the token of its workflows."""

    default_branch: str
    methods: frozenset[str]
    deletes_merged: bool | None = None
    workflows_write: bool | None = None
    workflows_approve: bool | None = None


@dataclass(frozen=True)
class Seen:
    """All that protects one repository. `us` is who we act as, `people` the numbers of those who may roll back; None
    where the host does not know them."""

    us: Passer
    particulars: Particulars
    rulesets: tuple[Ruleset, ...]
    classic: Mapping[str, Classic]
    people: Mapping[str, int | None]

    @property
    def app(self) -> int | None:
        return self.us.id if self.us.kind is PasserKind.APP else None


@dataclass(frozen=True)
class Lanes:
    """What is to be protected: the branches with their merge methods, and release tags, such as `v*`."""

    staging: str
    main: str
    methods: Mapping[str, frozenset[str]]
    tags: str = "v*"

    @property
    def branches(self) -> tuple[str, str]:
        return self.staging, self.main


def lanes_of(staging: Lane, production: Lane) -> Lanes:
    methods = {lane.branch: frozenset(str(one) for one in lane.merge) for lane in (staging, production)}
    return Lanes(staging.branch, production.branch, methods, production.tags or "v*")


def lanes_before_policy(staging: str, main: str) -> Lanes:
    """As the runbook has them."""
    both = frozenset(str(one) for one in MergeMethod)
    return Lanes(staging, main, {staging: both, main: frozenset({str(MergeMethod.MERGE)})})


def wanted(lanes: Lanes, us: Passer, app: int | None, may_roll_back: Iterable[Passer]) -> tuple[Ruleset, ...]:
    """What we write: a ruleset a branch, and three for tags, since who passes a ruleset passes all that it holds."""
    branches = tuple(_of_branch(lanes, branch, us, app) for branch in lanes.branches)
    tags, rollback = f"refs/tags/{lanes.tags}", rollback_patterns(lanes)
    creation, stay = frozenset({"creation"}), frozenset({"update", "deletion"})
    ours = frozenset({us})
    return (
        *branches,
        Ruleset(f"{OURS}release tags", True, (tags,), rollback, creation, passers=ours),
        Ruleset(f"{OURS}rollback tags", True, rollback, (), creation, passers=ours | frozenset(may_roll_back)),
        Ruleset(f"{OURS}tags stay", True, (tags,), (), stay),
    )


def rollback_patterns(lanes: Lanes) -> tuple[str, ...]:
    return f"refs/tags/{lanes.tags}-rollback", f"refs/tags/{lanes.tags}-rollback.*"


def _of_branch(lanes: Lanes, branch: str, us: Passer, app: int | None) -> Ruleset:
    return Ruleset(
        f"{OURS}{branch}",
        False,
        (f"refs/heads/{branch}",),
        refuses=frozenset({"deletion", "non_fast_forward"}),
        pull_request=PullRequestRule(dismisses_stale=True, methods=lanes.methods[branch]),
        checks=frozenset({RequiredCheck(VERDICT, app)}),
        strict=True,
        passers=frozenset({replace(us, mode=Mode.PULL_REQUESTS)}),
    )


def _matches(pattern: str, ref: str, default_branch: str) -> bool:
    if pattern in ("~ALL", "~DEFAULT_BRANCH"):
        return pattern == "~ALL" or ref == f"refs/heads/{default_branch}"
    return re.fullmatch(_expression(pattern), ref) is not None


def _expression(pattern: str) -> str:
    """As Ruby's fnmatch with FNM_PATHNAME, which GitHub uses: a star stops at a slash, two with a slash do not."""
    known = {"**/": "(?:.*/)?", "**": "[^/]*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(known.get(part, re.escape(part)) for part in parts)
