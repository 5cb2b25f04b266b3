"""A release tag: semantic, new, greater than the last, annotated, on main."""

from datetime import datetime
from fnmatch import fnmatchcase

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts, ReleaseFacts
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_tag


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or release.tag == "":
        return None
    return _name(release.tag, policy.production.tags or "v*") or _place(release, policy) or _order(release)


def _name(tag: str, pattern: str) -> Reason | None:
    version = parse_tag(tag)
    if version is None:
        return Reason(
            "tag_not_semver",
            f"{tag!r} is no release tag: it must be `v` and a semantic version, such as v1.4.0.",
            "`gate release plan` suggests the next one.",
        )
    if version.prerelease:
        final = f"v{version.finalize_version()}"
        return Reason(
            "tag_prerelease",
            f"{tag} is a pre-release: by its own name it is not finished, and comes before {final}.",
            f"Candidates are tried in staging, without a tag. Release it as {final} once it is proved there.",
        )
    if not fnmatchcase(tag, pattern):
        return Reason(
            "tag_not_of_policy",
            f"{tag} does not fit {pattern}, the release tags of gate.yaml.",
            "Choose a version that fits, or change flow.production.tags.",
        )
    return None


def _place(release: ReleaseFacts, policy: Policy) -> Reason | None:
    if release.release is not None and release.release.is_tagged and release.tag_at != release.commit:
        return None  # what became of a tag after it was published says tag_kept
    if release.tag_at is not None and release.tag_at != release.commit:
        return Reason(
            "tag_exists",
            f"The tag {release.tag} exists already and points at another commit.",
            "Releases are never edited: choose the next version (`gate release plan`).",
            (f"{release.tag} is at {release.tag_at[:10]}, this release at {release.commit[:10]}",),
        )
    if not release.annotated:
        return Reason(
            "tag_lightweight",
            f"The tag {release.tag} is a lightweight one: nobody signed for it.",
            "Publish through `gate release publish`, which makes an annotated tag.",
        )
    if not release.on_main:
        return Reason(
            "tag_not_on_main",
            f"{release.commit[:10]} is not on {policy.production.branch}.",
            f"Merge it to {policy.production.branch} through a release change first.",
        )
    return None


def _order(release: ReleaseFacts) -> Reason | None:
    """Greater than the last on whatever line: what production ran in between is never mistaken for older."""
    version = parse_tag(release.tag)
    last = parse_tag(release.greatest) if release.greatest else None
    if version is not None and last is not None and version <= last:
        return Reason(
            "tag_not_greater",
            f"{release.tag} is not greater than {release.greatest}, the last release.",
            "Choose a greater version (`gate release plan` suggests one).",
        )
    return None
