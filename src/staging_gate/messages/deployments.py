"""What a deployment says about itself."""

from collections.abc import Sequence

from staging_gate.domain.deployment import Deployment


def merged(number: int, title: str) -> str:
    return f"change {number} was merged: {title}"


def published(tag: str, by: str) -> str:
    return f"{tag} was published by {by}"


def rollback(tag: str, reason: str) -> str:
    return f"rollback to {tag}: {reason}"


def automatic_rollback(failed: Deployment) -> str:
    return f"{name(failed)} did not pass ({failed.id})"


def failed_in_production(failed: Deployment) -> str:
    return f"failed in production ({failed.id})"


def name(deployment: Deployment) -> str:
    return deployment.release or f"{deployment.revision.short} ({deployment.id})"


def nothing_to_put_back() -> str:
    return "It was the first deployment: there is nothing to put back, so its address answers 503 until the next one."


def put_back(names: str) -> str:
    return f"{names} is back."


def put_back_failed(names: str, why: str) -> str:
    return f"{names} could not be put back: {why} A person has to act now."


def superseded_by(id: str) -> str:
    return f"{id} is newer"


def cancelled(by: str) -> str:
    return f"{by} cancelled it."


def smoke_failed(service: str, summary: str, where: str) -> str:
    return f"The smoke tests of {service} did not pass {where}: {summary}"


def services(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
