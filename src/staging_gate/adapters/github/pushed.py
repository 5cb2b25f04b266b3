"""Who made a tag at GitHub, by its webhooks `push` and `create`: neither git nor the API tells.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from pydantic import ValidationError

from staging_gate.adapters.github.shapes import Shape, User
from staging_gate.ports.pushes import TagMade

TAGS = "refs/tags/"


class _Repository(Shape):
    full_name: str | None = None


class _Body(Shape):
    """`created` is in `push` alone, `ref_type` in `create` alone, whose `ref` is the bare name."""

    ref: str | None = None
    ref_type: str | None = None
    created: bool | None = None
    repository: _Repository | None = None
    sender: User | None = None

    @property
    def tag(self) -> str | None:
        if self.ref is None:
            return None
        if self.ref_type is not None:
            return self.ref if self.ref_type == "tag" else None
        return self.ref.removeprefix(TAGS) if self.created and self.ref.startswith(TAGS) else None


class GitHubTagNews:
    """Implements `ports.pushes.TagNews` for one repository, OWNER/NAME."""

    def __init__(self, name: str) -> None:
        self._name = name

    def made(self, hint: bytes) -> TagMade | None:
        try:
            body = _Body.model_validate_json(hint)
        except ValidationError:  # anybody's words: kept, and not for us
            return None
        whose = body.repository.full_name if body.repository else None
        if body.tag is None or body.sender is None or not body.sender.is_person:
            return None
        return TagMade(body.tag, body.sender.login) if (whose or "").lower() == self._name.lower() else None
