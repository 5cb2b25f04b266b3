"""What a step of a run says of itself."""

import json


def outcome(text: str) -> str:
    """A step's answer as a sentence, in one line; nothing where it is no sentence, but data for the next steps."""
    try:
        said = json.loads(text)
    except ValueError:
        said = text
    return " ".join(said.split()) if isinstance(said, str) else ""
