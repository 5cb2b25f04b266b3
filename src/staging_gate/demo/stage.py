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
from staging_gate.demo.connecting import Connection, connect
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
    """`address` is the server's; `public` are those of the product, by environment and service (`staging.api`).

    `providers` are there where the code and the services are not on this machine, as far as the server knows.
    """

    folder: Path
    address: str
    public: dict[str, str]
    database: str
    people: People
    providers: Connection | None = None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def tree(self) -> Path:
        """The working tree of the product, which all people of the story share."""
        return self.folder / "marketedge"


def set_up(stack: ExitStack, say: Say, connected: bool = False) -> Stage:
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
    secrets = {f"MARKETEDGE_{name.upper()}_DATABASE_URL": url for name, url in outsides["urls"].items()}
    if given := os.environ.get(GIVEN):
        secrets["GATE_PROOF_POSTGRES"] = given
    policy, providers = _policy(public, outsides["issuer"]), None
    if connected:
        say("a GitHub and a Render")
        providers = connect(folder, address, policy, secrets, lifeline)
    say("a server: `gate up`")
    start_server(stack, folder, address, providers.settings if providers else secrets, lifeline)
    say("the sample product, and people with tokens")
    product.copy_sample(folder / "marketedge")
    (folder / "marketedge" / "gate.yaml").write_text(providers.policy if providers else policy)
    people = _people(folder, address, providers)
    _commit_all(people.admin)
    return Stage(folder, address, public, outsides["database"], people, providers)


def _administrator(folder: Path) -> str:
    """The token that `gate up` writes for whoever is on the machine."""
    access = json.loads((folder / "state" / "access.json").read_text())
    return str(access["token"])


def _policy(public: dict[str, str], issuer: str) -> str:
    """The sample's, naming the addresses that are free here."""
    ports = {str(PORTS[name]): url.rpartition(":")[2] for name, url in public.items()}
    text = (product.sample() / "gate.yaml").read_text().replace(PROVIDER, issuer)
    return re.sub(r"\b800[0-3]\b", lambda found: ports[found[0]], text)


def _commit_all(admin: Person) -> None:
    """A repository with the sample in one commit."""
    admin.git("init", "--quiet", "--initial-branch", "main")
    admin.git("add", "--all")
    admin.git("commit", "--quiet", "--message", "feat: start MarketEdge")


def _people(folder: Path, address: str, providers: Connection | None) -> People:
    passwords = providers.passwords if providers else {}
    remote = providers.code if providers else f"{address}/git/product.git"
    token, tree = _administrator(folder), folder / "marketedge"
    admin = Person("admin", token, address, tree, environ_for(folder), remote, passwords.get("admin", ""))

    def person(name: str) -> Person:
        made = admin.asks("token", "create", name, "--label", "the demo")
        return replace(admin, name=name, token=made["secret"], password=passwords.get(name, ""))

    with ThreadPoolExecutor(len(NAMES)) as pool:
        return People(admin, *pool.map(person, NAMES))
