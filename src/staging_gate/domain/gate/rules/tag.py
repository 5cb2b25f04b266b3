"""A release tag: semantic, new, greater than the last, annotated, on main."""

from datetime import datetime
from fnmatch import fnmatchcase

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_tag


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    release = facts.release
    if policy is None or release is None or release.tag == "":
        return None
    version = parse_tag(release.tag)
    if version is None:
        return Reason(
            "tag_not_semver",
            f"{release.tag!r} is no release tag: it must be `v` and a semantic version, such as v1.4.0.",
            "`gate release plan` suggests the next one.",
        )
    pattern = policy.production.tags or "v*"
    if not fnmatchcase(release.tag, pattern):
        return Reason(
            "tag_not_of_policy",
            f"{release.tag} does not fit {pattern}, the release tags of gate.yaml.",
            "Choose a version that fits, or change flow.production.tags.",
        )
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
    last = parse_tag(release.greatest) if release.greatest else None
    if last is not None and version <= last:
        return Reason(
            "tag_not_greater",
            f"{release.tag} is not greater than {release.greatest}, the last release.",
            "Choose a greater version (`gate release plan` suggests one).",
        )
    return None
