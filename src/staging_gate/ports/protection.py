"""What the code host refuses by itself, read and written."""

from typing import Protocol

from staging_gate.domain.protection import Classic, Particulars, Passer, Ruleset


class Protection(Protocol):
    """Where the host says no, for want of a right or by its plan: Refused, with what to grant."""

    def us(self) -> Passer:
        """Whom rules have to let pass so that we can act."""
        ...

    def particulars(self) -> Particulars: ...

    def rulesets(self) -> list[Ruleset]:
        """The repository's own and those of its organization."""
        ...

    def classic(self, branch: str) -> Classic | None:
        """None where there is none."""
        ...

    def person(self, name: str) -> int | None:
        """The host's number of somebody; None where it does not know the name."""
        ...

    def create(self, ruleset: Ruleset) -> None:
        """Raises Unclear where the reply was lost: look before it is repeated."""
        ...

    def change(self, id: int, ruleset: Ruleset) -> None:
        """So that it is exactly this; doing it twice changes nothing."""
        ...

    def remove(self, id: int) -> None:
        """One that is gone is removed."""
        ...
