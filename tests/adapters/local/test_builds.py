"""Builds and environments: made once for each tree and lock, whole or not at all."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from staging_gate.adapters.local import processes, procfs
from staging_gate.adapters.local.builds import Build
from staging_gate.adapters.local.checkout import Mirror
from staging_gate.adapters.local.recipes import Interpreter, recognise
from staging_gate.domain.revision import Revision
from staging_gate.domain.service import Service
from staging_gate.ports.errors import OutsideError, Refused, Stopped, Unavailable
from staging_gate.testing import eventually
from tests.adapters.local.sample import World, a_world, service

LOG = "staging-1/build-api"
PIP_SYNC = ("uv", "pip", "sync", "requirements.lock")


def build(world: World, revision: Revision, of: Service, cancelled: bool = False) -> str:
    return world.local.target.build(world.order(revision, service=of), LOG, lambda: cancelled)


def folder_of(world: World, revision: Revision) -> Path:
    """The only build of a revision."""
    [marker] = world.layout.builds.glob(f"{revision.tree}-*.complete")
    return marker.with_suffix("")


def nothing_is_left(world: World) -> bool:
    return not [path for path in world.layout.builds.iterdir() if path.suffix != ".lock"]


def test_a_build_is_the_tree_closed_for_writing(world: World) -> None:
    revision = world.repository.commit_files({"package/module.py": "x = 1\n", "-rf": "", "a b/-ü'.txt": "é"})

    assert build(world, revision, service()).startswith("built in ")

    place = folder_of(world, revision)
    assert (place / "a b/-ü'.txt").read_text() == "é"
    assert not (place / ".git").exists()
    assert {path.stat().st_mode & 0o222 for path in [place, *place.rglob("*")]} == {0}


def test_much_python_is_compiled_and_little_is_not(world: World) -> None:
    much = world.repository.commit_files({"package/module.py": "x = 1\n" * 20_000})
    build(world, much, service())
    little = world.repository.commit_files({"package/module.py": "x = 1\n"})
    build(world, little, service())

    assert list((folder_of(world, much) / "package/__pycache__").glob("module.*.pyc"))
    assert not (folder_of(world, little) / "package/__pycache__").exists()


def test_two_revisions_of_one_tree_are_built_once(world: World) -> None:
    build(world, world.repository.commit(), service())

    assert build(world, world.repository.commit(), service()) == "kept: this tree is already built"


def test_all_who_ask_at_once_get_the_same_build(world: World) -> None:
    revision = world.repository.commit()
    slow = service(build=("sh", "-c", "echo once; sleep 0.3"))

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: build(world, revision, slow), range(4)))

    assert sorted(said)[1:] == ["kept: this tree is already built"] * 3
    assert world.log(LOG).count("once\n") == 1


def test_a_command_runs_in_the_checkout_and_its_output_is_logged(world: World) -> None:
    revision = world.repository.commit()

    build(world, revision, service(build=("sh", "-c", "echo making; pwd > made; exit 0")))

    place = folder_of(world, revision)
    assert (place / "made").read_text() == f"{place}\n"
    assert world.log(LOG) == "$ sh -c echo making; pwd > made; exit 0\nmaking\n"


def test_services_with_the_same_command_share_a_build(world: World) -> None:
    revision, command = world.repository.commit(), ("sh", "-c", "true")
    build(world, revision, service(build=command))

    assert build(world, revision, service(name="web", build=command)) == "kept: this tree is already built"
    assert build(world, revision, service(name="web", build=("true",))) != "kept: this tree is already built"


def test_a_failed_build_says_so_and_leaves_nothing(world: World) -> None:
    revision = world.repository.commit()

    with pytest.raises(Refused) as refused:
        build(world, revision, service(build=("sh", "-c", "echo no compiler >&2; exit 7")))

    assert refused.value.message == (
        "The build of api failed: `sh -c echo no compiler >&2; exit 7` ended with exit code 7."
    )
    assert refused.value.evidence == "no compiler"
    assert nothing_is_left(world)


def test_a_build_has_a_time_limit(world: World) -> None:
    slow = service(build=("sleep", "60"), build_within=timedelta(seconds=0.2))

    with pytest.raises(Refused, match=r"`sleep 60` was not done within 0\.2 s"):
        build(world, world.repository.commit(), slow)

    assert nothing_is_left(world)


def test_a_build_is_cancelled(world: World) -> None:
    with pytest.raises(Stopped, match="The build of api was cancelled"):
        build(world, world.repository.commit(), service(build=("sleep", "60")), cancelled=True)

    assert nothing_is_left(world)


def test_a_missing_build_program_is_our_sides_fault(world: World) -> None:
    with pytest.raises(Unavailable, match="no-such-compiler can not be started"):
        build(world, world.repository.commit(), service(build=("no-such-compiler",)))


def test_an_unknown_revision_is_refused(world: World) -> None:
    world.repository.commit()

    with pytest.raises(Refused, match=f"The repository has no commit {'1' * 40}"):
        build(world, Revision("1" * 40, "2" * 40), service())


def test_a_repository_without_commits_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="The repository has no commit"):
        build(world, Revision("1" * 40, "2" * 40), service())


def test_a_repository_that_is_away_may_come_back(world: World) -> None:
    revision = world.repository.commit()
    away = world.repository.path.rename(world.repository.path.with_name("away"))

    with pytest.raises(Unavailable, match="The repository can not be fetched"):
        build(world, revision, service())

    away.rename(world.repository.path)
    build(world, revision, service())


def test_submodules_and_large_files_are_mentioned(world: World) -> None:
    build(world, world.repository.commit_files({".gitmodules": "", ".gitattributes": "*.bin filter=lfs\n"}), service())

    assert "submodules (.gitmodules): they are not checked out" in world.log(LOG)
    assert "Git LFS (.gitattributes): the build sees their pointers" in world.log(LOG)


def test_files_that_are_not_exported_are_checked_out(world: World) -> None:
    files = {".gitattributes": "CHANGELOG.md export-ignore\n", "CHANGELOG.md": "1.0\n"}
    revision = world.repository.commit_files(files)

    build(world, revision, service())

    assert (folder_of(world, revision) / "CHANGELOG.md").exists()


def test_commits_that_no_branch_names_are_fetched(world: World) -> None:
    world.repository.commit()
    commit = world.repository.git("commit-tree", "HEAD^{tree}", "-m", "a preview of a merge")

    build(world, world.repository.revision(commit), service())


def test_a_bare_repository_on_this_machine_is_not_copied(world: World, tmp_path: Path) -> None:
    revision = world.repository.commit()
    bare = tmp_path / "bare.git"
    world.repository.git("clone", "--quiet", "--bare", str(world.repository.path), str(bare))
    mirror = Mirror(tmp_path / "mirror.git", lambda: str(bare))

    mirror.check_out(revision, tmp_path / "out", "mark", lambda _: None)

    assert (tmp_path / "out" / "settings.json").exists()
    assert [path for path in (tmp_path / "mirror.git/objects").rglob("*") if path.is_file()] == [
        tmp_path / "mirror.git/objects/info/alternates"
    ]


def test_a_branch_in_the_way_of_another_is_no_obstacle(world: World) -> None:
    world.repository.commit()
    world.repository.git("branch", "feature")
    build(world, world.repository.commit({"a": 1}), service())
    world.repository.git("branch", "-D", "feature")
    world.repository.git("branch", "feature/login")

    build(world, world.repository.commit({"a": 2}), service())


def test_what_a_killed_fetch_left_is_fetched_again(world: World) -> None:
    revision = world.repository.commit_files({"big.txt": "x" * 1000})
    build(world, revision, service())
    for blob in world.layout.mirror.glob("objects/*/*"):
        kind = subprocess.run(
            ["git", f"--git-dir={world.layout.mirror}", "cat-file", "-t", blob.parent.name + blob.name],
            capture_output=True,
        )
        if kind.stdout == b"blob\n":
            blob.unlink()
    (world.layout.mirror / "refs/heads/main").unlink()

    build(world, revision, service(build=("true",)))


def test_a_killed_build_is_made_anew_and_its_command_does_not_go_on(world: World, tmp_path: Path) -> None:
    revision = world.repository.commit()
    flag = tmp_path / "again"
    slow = service(build=("sh", "-c", f"echo > part; [ -e '{flag}' ] || sleep 600"))
    program = "\n".join(
        [
            "import sys; sys.path[:0] = sys.argv[1:3]",
            "from pathlib import Path",
            "from tests.adapters.local.sample import *",
            f"world = a_world(Path({str(world.settings.state)!r}), Repository(Path({str(world.repository.path)!r})))",
            f"of = service(build={slow.build!r})",
            f"order = world.order(Revision{(revision.commit, revision.tree)!r}, service=of)",
            "world.local.target.build(order, 'staging-1/build-api', never)",
        ]
    )
    root = Path(__file__).parents[3]
    killed = subprocess.Popen([sys.executable, "-c", program, str(root / "src"), str(root)])
    eventually(lambda: list(world.layout.builds.glob("*/part")))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    flag.touch()

    assert build(world, revision, slow).startswith("built in ")

    assert not [pid for pid in procfs.everybody() if os.fsencode(flag) in command_line(pid)]


def command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_a_disk_that_is_full_for_the_project_is_told_as_such(world: World) -> None:
    with pytest.raises(Unavailable) as unavailable:
        build(world, world.repository.commit(), service(build=("cp", "service.py", "/dev/full")))

    assert unavailable.value.message.startswith(f"The disk of {world.settings.state} is full (")
    assert unavailable.value.message.endswith("free some space and try again.")
    assert "No space left on device" in unavailable.value.evidence
    assert nothing_is_left(world)


@contextlib.contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """A small limit on what this process and those that it starts may write into one file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_for_us_is_told_as_such(world: World) -> None:
    build(world, world.repository.commit(), service())
    revision = world.repository.commit_files({"large.txt": "0123456789" * 50_000})

    with files_no_larger_than(100_000), pytest.raises(Unavailable, match="is full"):
        build(world, revision, service())

    assert not list(world.layout.builds.glob(f"{revision.tree}-*.complete"))
    assert build(world, revision, service()).startswith("built in ")


def test_an_empty_lock_makes_an_environment_that_trees_share(world: World) -> None:
    one = world.repository.commit({"a": 1}, requirements__lock="")
    other = world.repository.commit({"a": 2})
    of = service(build=PIP_SYNC)

    build(world, one, of)
    build(world, other, of)

    links = {(folder_of(world, revision) / ".venv").readlink() for revision in (one, other)}
    assert len(links) == 1 and links.pop().parent == world.layout.environments
    ready = world.candidate(world.order(other, service=replace(of, run=("python", "service.py", "$PORT"))))
    assert ready.address is not None


def test_the_real_registry_serves_a_locked_environment(world: World) -> None:
    lock = "idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n"
    revision = world.repository.commit(requirements__lock=lock)
    of = service(build=("uv", "pip", "sync", "--require-hashes", "requirements.lock"))

    build(world, revision, of)

    [package] = world.layout.environments.glob("*/lib/python3*/site-packages/idna/core.py")
    assert list(package.parent.glob("__pycache__/core.*.pyc")), "compiled when built"
    assert package.stat().st_nlink == 1, "copied: an edit would show in every other environment"
    assert package.stat().st_mode & 0o222 == 0


def test_an_unreachable_registry_is_our_sides_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    build_of = ("uv", "pip", "sync", "--index-url=http://127.0.0.1:9/simple", "requirements.lock")

    with pytest.raises(Unavailable, match="could not reach the package registry"):
        build(world, world.repository.commit(requirements__lock="idna==3.10\n"), service(build=build_of))

    assert nothing_is_left(world)
    assert not list(world.layout.environments.glob("*.complete"))


@pytest.mark.parametrize(
    ("command", "files", "sentence"),
    [
        (PIP_SYNC, {}, "The build needs requirements.lock, which is not in the tree. Add the file"),
        (PIP_SYNC[:3], {}, "The build names no file"),
        ((*PIP_SYNC[:3], "--index-url", "http://x/simple"), {}, "or write the option as --name=value"),
        (PIP_SYNC, {"requirements.lock": "a==1\n-e .\n"}, "requirements.lock:2: `-e .` points into the checkout"),
        (PIP_SYNC, {"requirements.lock": "./lib/a.whl\n"}, "requirements.lock:1: `./lib/a.whl` points into"),
        (PIP_SYNC, {"requirements.lock": "-r more.txt\n"}, "The build needs more.txt, which is not in the tree"),
        ((*PIP_SYNC[:3], "../../secret"), {}, r"The build needs ../../secret, which is not in the tree"),
        (("uv", "sync", "--frozen"), {}, "The build needs pyproject.toml, which is not in the tree"),
        (("uv", "sync", "--frozen"), {"pyproject.toml": "[project"}, "pyproject.toml can not be read"),
        (PIP_SYNC, {"requirements.lock": "", ".venv/x": ""}, "The tree contains .venv"),
    ],
)
def test_a_build_that_can_not_be_done_says_what_to_change(
    world: World, command: tuple[str, ...], files: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        build(world, world.repository.commit_files(files), service(build=command))

    assert sentence in refused.value.message


def test_uv_sync_makes_an_environment_of_the_lock_without_the_project(world: World) -> None:
    project = '[project]\nname = "market"\nversion = "{}"\nrequires-python = ">=3.11"\ndependencies = []\n'
    lock = (
        'version = 1\nrequires-python = ">=3.11"\n\n'
        '[[package]]\nname = "market"\nversion = "1"\nsource = {{ {} = "." }}\n'.format("virtual")
    )
    one = world.repository.commit_files({"pyproject.toml": project.format("1"), "uv.lock": lock})
    other = world.repository.commit_files({"pyproject.toml": project.format("2")})
    of = service(build=("uv", "sync", "--frozen"))

    build(world, one, of)
    build(world, other, of)

    assert len(list(world.layout.environments.glob("*.complete"))) == 1


@pytest.mark.parametrize(
    ("file", "text", "count"),
    [
        ("uv.toml", 'index-url = "https://elsewhere.example/simple"\n', 2),
        ("pyproject.toml", '[tool.uv]\nindex-url = "https://elsewhere.example/simple"\n', 2),
        ("pyproject.toml", '[project]\nversion = "2"\n', 1),
    ],
)
def test_a_tree_that_configures_uv_has_an_environment_of_its_own(
    tmp_path: Path, file: str, text: str, count: int
) -> None:
    interpreter = Interpreter("/usr/bin/python3", "3.11.0")
    for argv in (PIP_SYNC, ("uv", "sync", "--frozen")):
        keys = set()
        for name, files in {"plain": {}, "evil": {file: text}}.items():
            tree = tmp_path / argv[1] / name
            tree.mkdir(parents=True)
            usual = {"requirements.lock": "", "uv.lock": "version = 1\n", "pyproject.toml": "[project]\n"}
            for path, content in {**usual, **files}.items():
                (tree / path).write_text(content)
            keys.add(recognise(argv).environment_key(tree, interpreter))
        assert len(keys) == count


def test_an_environment_that_is_gone_is_made_again(world: World) -> None:
    revision = world.repository.commit(requirements__lock="")
    build(world, revision, service(build=PIP_SYNC))
    for marker in world.layout.environments.glob("*.complete"):
        marker.unlink()

    assert build(world, revision, service(build=PIP_SYNC)).startswith("built in ")


def test_old_builds_are_removed_but_never_one_that_is_needed(world: World) -> None:
    small = a_world(world.settings.state, world.repository, kept_builds=1)
    of = service(build=PIP_SYNC)
    deployed = world.repository.commit({"number": 0}, requirements__lock="")
    small.deploy(small.order(deployed, service=of))
    spare = [world.repository.commit({"number": number}, requirements__lock=f"# {number}\n") for number in range(1, 5)]
    for revision in spare:
        build(small, revision, of)
    in_use = folder_of(world, spare[1])

    with small.local.checks._builds.in_use(Build(in_use.name, in_use)):
        small.local.target.retire(world.order(deployed).environment, of, keep=("staging-1",))
        eventually(lambda: len(list(world.layout.builds.glob("*.complete"))) == 3)

    left = {path.stem for path in world.layout.builds.glob("*.complete")}
    assert left == {folder_of(world, revision).name for revision in (deployed, spare[1], spare[3])}
    eventually(lambda: len(list(world.layout.environments.glob("*.complete"))) == 4)
    assert [process.labels["commit"] for process in small.processes()] == [deployed.commit]


def test_a_foreign_account_builds_and_can_not_write_afterwards(account_world: World) -> None:
    world = account_world
    revision = world.repository.commit(requirements__lock="")
    who = service(build=("sh", "-c", "id -u > who"), run=("python3", "-S", "service.py", "$PORT"))

    build(world, revision, who)
    build(world, revision, service(build=PIP_SYNC))
    ready = world.candidate(world.order(revision, service=who))

    [made] = world.layout.builds.glob(f"{revision.tree}-*/who")
    uid = world.settings.account.uid if world.settings.account else os.geteuid()
    assert made.read_text() == f"{uid}\n"
    assert {path.lstat().st_uid for path in [made.parent, *made.parent.rglob("*")]} == {os.geteuid()}
    assert ready.address is not None
    [process] = world.processes()
    assert Path(f"/proc/{process.pid}").stat().st_uid == uid
    assert processes.adopt(process.state) == process


def test_errors_of_a_build_belong_to_the_family() -> None:
    assert issubclass(Stopped, OutsideError)
