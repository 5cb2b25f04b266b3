"""The controller dies at any moment of a deployment; the next one does the same order again and all is well."""

import os
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from staging_gate.adapters.local import procfs
from staging_gate.testing import eventually
from tests.adapters.local.sample import World, get, service

ROOT = Path(__file__).parents[3]
BUILD = ("sh", "-c", "echo one > made; echo two >> made")

CONTROLLER = f"""
import sys, threading
sys.path[:0] = [{str(ROOT / "src")!r}, {str(ROOT)!r}]
from pathlib import Path
from tests.adapters.local.sample import *
state, repository, port, commit, tree, deployment, keep = sys.argv[1:]
world = replace(a_world(Path(state), Repository(Path(repository))), port=int(port))
order = world.order(Revision(commit, tree), deployment, service=service(build={BUILD!r}))
print("ready", flush=True)
sys.stdin.read(1)
world.deploy(order)
print("live", flush=True)
world.local.target.retire(order.environment, order.service, (deployment, keep))
[thread.join() for thread in threading.enumerate() if thread.daemon]
print("done", flush=True)
"""


def controller(world: World, commit: str, tree: str, deployment: str, keep: str) -> "subprocess.Popen[bytes]":
    """Another process that deploys as soon as it is given a byte."""
    state, repository = str(world.settings.state), str(world.repository.path)
    argv = [sys.executable, "-c", CONTROLLER, state, repository, str(world.port), commit, tree, deployment, keep]
    started = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert started.stdout and started.stdout.readline() == b"ready\n"
    return started


def killed_after(one: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Give the word and kill it so much later; whether it had not finished by itself."""
    assert one.stdin and one.stdout
    one.stdin.write(b"!")
    one.stdin.close()
    try:
        one.wait(seconds)
    except subprocess.TimeoutExpired:
        one.send_signal(signal.SIGKILL)
        one.wait()
    one.stdout.close()
    return one.returncode == -signal.SIGKILL


def test_killed_at_any_moment_the_same_order_again_ends_well(world: World, rng: random.Random, in_full: bool) -> None:
    tries, killed, previous = 100 if in_full else 8, 0, "staging-0"
    for number in range(1, tries + 1):
        revision, deployment = world.repository.commit({"number": number}), f"staging-{number}"
        one = controller(world, revision.commit, revision.tree, deployment, previous)
        killed += killed_after(one, rng.uniform(0.0, 0.4))

        order = world.order(revision, deployment, service=service(build=BUILD))
        again = world.restarted()
        again.deploy(order)
        again.local.target.retire(order.environment, order.service, keep=(deployment, previous))

        assert get(f"http://127.0.0.1:{world.port}")[1]["revision"] == revision.commit
        assert world.live(order) == deployment
        expected = sorted({deployment, previous} - {"staging-0"})
        eventually(partial(only_these_run, world, expected))
        [made] = world.layout.builds.glob(f"{revision.tree}-*/made")
        assert made.read_text() == "one\ntwo\n"
        previous = deployment
    print(f"{killed} of {tries} were killed")
    assert killed


def only_these_run(world: World, deployments: list[str]) -> bool:
    known = sorted(process.labels["deployment"] for process in world.processes())
    return known == deployments and sorted(names_of_all_that_run(world)) == deployments


def names_of_all_that_run(world: World) -> list[str]:
    """By the kernel's word, not by our state files: the deployments of all services that run from our builds."""
    found = []
    for pid in procfs.everybody():
        try:
            folder = Path(os.readlink(f"/proc/{pid}/cwd"))
            home = dict(
                part.split(b"=", 1) for part in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if b"=" in part
            ).get(b"HOME", b"")
        except OSError:
            continue
        if folder.is_relative_to(world.layout.builds) and b"processes" in home:
            found.append(Path(os.fsdecode(home)).parent.name.rpartition(".")[0])
    return found
