"""Where everything of the local target lies under its state root, and what may be the name of a folder there."""

import re
from dataclasses import dataclass
from pathlib import Path

from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Refused

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}")


@dataclass(frozen=True)
class Layout:
    """Folders are made by whoever writes into them first."""

    root: Path

    @property
    def mirror(self) -> Path:
        return self.root / "mirror.git"

    @property
    def builds(self) -> Path:
        return self.root / "builds"

    @property
    def environments(self) -> Path:
        return self.root / "environments"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def tools(self) -> Path:
        return self.root / "tools"

    @property
    def scratch(self) -> Path:
        return self.root / "scratch"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def run(self) -> Path:
        """The proxy's own folder."""
        return self.root / "run"

    def places(self, environment: Environment, service: str) -> Path:
        return self.root / "places" / f"{environment}-{a_name(service)}"


def a_name(text: str) -> str:
    """The same text, when it can be the name of one folder; else Refused."""
    if not NAME.fullmatch(text):
        raise Refused(
            f"{text!r} can not be used as a name here: letters, digits and . _ + @ - are allowed, "
            "the first one a letter or a digit, at most 100."
        )
    return text


def make_folder(path: Path, mode: int = 0o755) -> Path:
    """The folder with exactly this mode, whatever our umask is; folders above it are made readable for all."""
    if not path.is_dir():
        if not path.parent.is_dir():
            make_folder(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(mode)
    return path
