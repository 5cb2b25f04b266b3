"""Where the story plays: a fresh installation with its people, and the sample product that it is going to deploy."""

import json
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from staging_gate.demo import product
from staging_gate.demo.ground import GIVEN, NotSetUp, fresh_folder, remove, reserve_ports
from staging_gate.demo.people import People, Person, environ_for
from staging_gate.demo.running import start_outsides, start_server

PORTS = {"production.api": 8000, "staging.api": 8001, "production.web": 8002, "staging.web": 8003}
"""As the sample's gate.yaml has them."""
PROVIDER = "http://127.0.0.1:9000/"
NAMES = ("ada", "ben", "tess", "stan", "dana")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """`address` is the server's; `public` are those of the product, by environment and service (`staging.api`)."""

    folder: Path
    address: str
    public: dict[str, str]
    database: str
    people: People

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def tree(self) -> Path:
        """The working tree of the product, which all people of the story share."""
        return self.folder / "marketedge"


def set_up(stack: ExitStack, say: Say) -> Stage:
    """Build the stage; all of it is gone when the stack is closed. Raises NotSetUp, and Refused without the sample."""
    if sys.platform != "linux":
        raise NotSetUp("The demo deploys to processes of this machine, which Staging Gate does on Linux only.")
    product.sample()
    folder = fresh_folder()
    stack.callback(remove, folder)
    server, *others = reserve_ports(stack, 1 + len(PORTS))
    address = f"http://127.0.0.1:{server}"
    public = {name: f"http://127.0.0.1:{port}" for name, port in zip(PORTS, others, strict=True)}

    say("databases and an identity provider")
    outsides, lifeline = start_outsides(stack, folder)
    say("a server: `gate up`")
    secrets = {f"MARKETEDGE_{name.upper()}_DATABASE_URL": url for name, url in outsides["urls"].items()}
    if given := os.environ.get(GIVEN):
        secrets["GATE_PROOF_POSTGRES"] = given
    start_server(stack, folder, address, secrets, lifeline)
    say("the sample product, and people with tokens")
    admin = Person("admin", _administrator(folder), address, folder / "marketedge", environ_for(folder))
    _write_product(admin, public, outsides["issuer"])
    return Stage(folder, address, public, outsides["database"], _with_tokens(admin))


def _administrator(folder: Path) -> str:
    """The token that `gate up` writes for whoever is on the machine."""
    access = json.loads((folder / "state" / "access.json").read_text())
    return str(access["token"])


def _write_product(admin: Person, public: dict[str, str], issuer: str) -> None:
    """A repository with the sample in one commit, its policy naming the addresses that are free here."""
    product.copy_sample(admin.tree)
    policy = admin.tree / "gate.yaml"
    ports = {str(PORTS[name]): url.rpartition(":")[2] for name, url in public.items()}
    text = policy.read_text().replace(PROVIDER, issuer)
    policy.write_text(re.sub(r"\b800[0-3]\b", lambda found: ports[found[0]], text))
    admin.git("init", "--quiet", "--initial-branch", "main")
    admin.git("add", "--all")
    admin.git("commit", "--quiet", "--message", "feat: start MarketEdge")


def _with_tokens(admin: Person) -> People:
    def person(name: str) -> Person:
        made = admin.asks("token", "create", name, "--label", "the demo")
        return replace(admin, name=name, token=made["secret"])

    with ThreadPoolExecutor(len(NAMES)) as pool:
        return People(admin, *pool.map(person, NAMES))
