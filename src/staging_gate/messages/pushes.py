"""What a pusher reads in the terminal."""

from staging_gate.domain.gate import Decision
from staging_gate.messages.decisions import lines


def protected_branch(branch: str, staging: str) -> list[str]:
    return [
        f"{branch} is protected: nobody pushes to it directly.",
        "Push your commits to a branch of your own and open a change:",
        "    git push origin HEAD:feature/my-feature",
        f"    gate change open feature/my-feature --to {staging}",
    ]


def protected_branch_deleted(branch: str) -> list[str]:
    return [f"{branch} is protected: it can not be deleted."]


def branch_like_a_tag(branch: str) -> list[str]:
    return [f"{branch} is named like a release: a branch of that name would be taken for one. Choose another name."]


def tag_like_a_branch(tag: str) -> list[str]:
    return [f"{tag} is the name of a protected branch: a tag of that name would be taken for it. Choose another name."]


def only_looks_on(name: str) -> list[str]:
    return [
        f"{name} may read this repository, but not push to it:",
        f"gate.yaml has to name {name} under `people:`, and not as a viewer.",
    ]


def release_tag(tag: str) -> list[str]:
    return [
        f"{tag} is a release tag: it is not pushed by hand, and never moved or deleted.",
        "Releases are published through the gate, which proves them first:",
        "    gate release plan",
        f"    gate release publish {tag}",
        "To go back to a release: gate rollback TAG, or push an annotated tag TAG-rollback.",
    ]


def rollback_tag_moved(tag: str) -> list[str]:
    return [f"{tag} exists already: a rollback tag is an order and is given once.", "Count on: TAG-rollback.2, .3 ..."]


def rollback_tag_lightweight(tag: str) -> list[str]:
    return [
        f"{tag} is a lightweight tag: a rollback needs a reason and a name.",
        f'    git tag -a {tag} -m "Rollback because ..."',
    ]


def rollback_tag_unknown(tag: str, release: str) -> list[str]:
    return [f"{tag} names the release {release}, which is not there.", "`gate release list` shows the releases."]


def rollback_tag_late(tag: str, since: str) -> list[str]:
    return [
        f"{tag} was pushed before {since} was asked for, and heard of only now: it was meant for what ran then.",
        "If it is still wanted: gate rollback",
    ]


def rollback_refused(tag: str, decision: Decision) -> list[str]:
    return [f"{tag} orders a rollback that can not be done now:", *lines(decision)[1:]]


def rollback_reason(tag: str, message: str, elsewhere: str | None = None) -> str:
    """The first line of the tag's message, as the runbook has people write it; `elsewhere` is the commit that the tag
    points at, where that is not the release's."""
    said = message.strip().partition("\n")[0]
    named = f"tag {tag}, at {elsewhere[:10]} and not at the release" if elsewhere else f"tag {tag}"
    return f"{said} ({named})" if said else named


def no_right_to_roll_back(tag: str, name: str, roles: str) -> list[str]:
    return [f"{tag} orders a rollback, which {name} may not do: it needs the role {roles}."]


def internal_ref(ref: str) -> list[str]:
    return [f"{ref} belongs to the gate and can not be pushed."]


def first_import_needs_admin(branch: str) -> list[str]:
    return [f"The first push of {branch} is the import of the repository: an administrator does it."]
