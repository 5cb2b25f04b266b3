"""Three ways in which an outside can let us down; they say whose move it is."""


class OutsideError(Exception):
    """Something outside did not do what we asked. `evidence` is what it said, ready to be shown to a person."""

    def __init__(self, message: str, evidence: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.evidence = evidence


class Refused(OutsideError):
    """The other side understood and said no. A person has to change something; trying again will not help."""


class Denied(Refused):
    """The other side does not let us in: a token was revoked, or lacks a right. That says nothing about what we asked
    for; a release is not bad because of it."""


class Unavailable(OutsideError):
    """It did not happen and may work later, in `retry_after` seconds if the other side said so."""

    def __init__(self, message: str, evidence: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, evidence)
        self.retry_after = retry_after


class Unclear(OutsideError):
    """We asked and do not know whether it happened. Look first; never repeat it blindly."""


class Stopped(OutsideError):
    """We ended it ourselves, because its caller asked for that (`cancelled`). Nothing of it is left half done."""
