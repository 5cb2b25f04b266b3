"""The repository's pre-receive hook: asks the server that runs this push whether it may be, and says its answer.

Runs as a script without our package, and imports next to nothing, because every push waits for it. The server hands
its socket down through git: nothing listens, and nobody but this push can speak on it.

Question: the length, a newline, then the quarantine's variables and git's own lines, divided by zero bytes.
Answer: `yes`, or `no` and the reasons in the lines after it, up to the end of the stream.
"""

import os
import sys

SOCKET = "GATE_HOOK_SOCKET"
"""The environment variable with the number of the inherited socket."""

QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
"""Where git keeps the pushed objects until we say yes."""

ELSEWHERE = (
    "This repository takes pushes only at the HTTP address of Staging Gate, where its rules are kept.\n"
    "Nothing was changed. Push to the address that `gate status` shows, with an API token as the password."
)
GONE = (
    "Staging Gate went away before it decided on this push.\n"
    "Nothing was changed. Push again once `gate status` answers."
)


def main() -> int:
    number = os.environ.get(SOCKET, "")
    if not number.isdigit():
        return _refuse(ELSEWHERE)
    try:
        verdict, _, reasons = _ask(int(number), sys.stdin.buffer.read()).partition("\n")
    except OSError:
        return _refuse(GONE)
    if verdict == "yes":
        return 0
    return _refuse(reasons if verdict == "no" else GONE)


def _ask(server: int, updates: bytes) -> str:
    question = b"\0".join([*(os.environb.get(name.encode(), b"") for name in QUARANTINE), updates])
    with open(server, "wb", closefd=False) as sending:
        sending.write(b"%d\n" % len(question) + question)
    with open(server, "rb") as receiving:
        return receiving.read().decode(errors="replace")


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
