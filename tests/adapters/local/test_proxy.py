import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from staging_gate.adapters.local import caddy, processes, procfs
from staging_gate.adapters.local.proxy import Proxy, route_name
from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.testing import eventually
from staging_gate.testing.strict_client import Answer, StrictClient
from tests.adapters.local.tiny import Tiny, port_of

API = route_name(Environment.PRODUCTION, "api")
FRONT = route_name(Environment.PRODUCTION, "front")


def get(port: int, path: str = "/health") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def revision(port: int, path: str = "/health") -> str:
    status, body = get(port, path)
    assert status == 200, body
    return str(json.loads(body)["revision"])


def caddy_pid(proxy: Proxy, route: str) -> int:
    process = proxy.process(route)
    assert process
    return process.pid


def enough(client: StrictClient, more: int = 50) -> None:
    """Let the client have so many more answers."""
    wanted = client.requests + more
    eventually(lambda: client.requests >= wanted)


def served(answers: tuple[Answer, ...]) -> set[str]:
    return {answer.revision for answer in answers}


def test_a_new_route_says_that_no_release_is_live(proxy: Proxy) -> None:
    public = processes.free_port()

    proxy.ensure({API: public})

    status, page = get(public)
    assert status == 503
    assert "No release is live here yet" in page
    assert "api in production is waiting for a release" in page
    assert proxy.current(API) is None


def test_requests_go_where_the_route_was_switched_to(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    old, new = tiny.serving("old", REVISION="r1"), tiny.serving("new", REVISION="r2")
    proxy.ensure({API: public})

    proxy.switch(API, port_of(old))
    assert revision(public) == "r1"
    assert proxy.current(API) == port_of(old)

    proxy.switch(API, port_of(new))
    assert revision(public) == "r2"
    assert proxy.current_ports() == {port_of(new)}


def test_a_closed_route_answers_503_at_once_and_opens_again(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    service = tiny.serving(REVISION="r1")
    proxy.ensure({API: public})
    proxy.switch(API, port_of(service))

    proxy.close(API)

    asked = time.monotonic()
    assert get(public)[0] == 503
    assert time.monotonic() - asked < 1
    assert proxy.current(API) is None
    proxy.switch(API, port_of(service))
    assert revision(public) == "r1"


def test_fifty_switches_under_load_lose_no_request(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    ports = {name: port_of(tiny.serving(name, REVISION=name)) for name in ("r0", "r1")}
    proxy.ensure({API: public})
    proxy.switch(API, ports["r0"])
    returned: list[tuple[float, str]] = []

    with StrictClient(f"http://127.0.0.1:{public}", ("/health", "/slow?0.05"), kept=6, fresh=3, rate=600) as client:
        enough(client)
        for turn in range(1, 51):
            proxy.switch(API, ports[f"r{turn % 2}"])
            returned.append((time.time(), f"r{turn % 2}"))
            enough(client, 30)

    answers = client.stop()
    assert [answer for answer in answers if answer.failed] == []
    assert served(answers) == {"r0", "r1"}
    for answer in answers:
        # Asked after one switch had returned and answered before the next: then only one release is right.
        told = [name for at, name in returned if at <= answer.sent]
        later = [name for at, name in returned if answer.sent < at <= answer.done + 0.01]
        assert not told or later or answer.revision == told[-1]


def test_routes_are_kept_when_others_are_added(proxy: Proxy, tiny: Tiny) -> None:
    first, second = processes.free_port(), processes.free_port()
    service = tiny.serving(REVISION="r1")
    proxy.ensure({API: first})
    proxy.switch(API, port_of(service))
    before = caddy_pid(proxy, API)

    with StrictClient(f"http://127.0.0.1:{first}", rate=500) as client:
        enough(client)
        proxy.ensure({API: first, FRONT: second})
        enough(client)

    assert client.stop() and client.failures == ()
    assert get(second)[0] == 503
    assert caddy_pid(proxy, API) == before


def test_a_killed_controller_is_not_noticed_and_its_successor_adopts_all(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]\n"
        "from pathlib import Path\n"
        "from staging_gate.adapters.local.proxy import Proxy\n"
        "from tests.adapters.local.tiny import Tiny, port_of\n"
        "service = Tiny(Path(sys.argv[3])).serving(REVISION='r1')\n"
        "proxy = Proxy(Path(sys.argv[3]) / 'run')\n"
        "proxy.ensure({sys.argv[4]: int(sys.argv[5])})\n"
        "proxy.switch(sys.argv[4], port_of(service))\n"
        "print(service.pid, proxy.process(sys.argv[4]).pid, flush=True)\n"
        "sys.stdin.read()"
    )
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", code, str(root / "src"), str(root), str(tiny.folder), API, str(public)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout
        service_pid, proxy_pid = map(int, controller.stdout.readline().split())
        with StrictClient(f"http://127.0.0.1:{public}", rate=500) as client:
            enough(client)
            controller.kill()
            enough(client)
            proxy.ensure({API: public})

    service = processes.adopt(tiny.folder / "states" / "api.json")
    assert client.stop() and client.failures == ()
    assert served(client.results) == {"r1"}
    assert service and service.pid == service_pid
    assert caddy_pid(proxy, API) == proxy_pid
    assert proxy.current(API) == port_of(service)


def test_a_killed_caddy_comes_back_while_connections_wait(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    service = tiny.serving(REVISION="r1")
    proxy.ensure({API: public})
    proxy.switch(API, port_of(service))

    for _ in range(3):
        os.kill(caddy_pid(proxy, API), signal.SIGKILL)
        assert revision(public) == "r1"

    process = proxy.process(API)
    assert process and process.starts == 4
    assert "ended with -9; it is started again" in process.log.read_text()


def test_a_killed_holder_is_replaced_by_ensure_and_the_route_stays_where_it_was(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    service = tiny.serving(REVISION="r1")
    proxy.ensure({API: public})
    proxy.switch(API, port_of(service))
    process = proxy.process(API)
    assert process

    os.kill(process.shim.pid, signal.SIGKILL)
    eventually(lambda: not process.alive())
    proxy.ensure({API: public})

    assert revision(public) == "r1"


def test_after_a_boot_a_route_begins_closed(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    proxy.ensure({API: public})
    proxy.switch(API, port_of(tiny.serving()))
    process = proxy.process(API)
    assert process
    proxy.stop()

    process.state.write_text(process.state.read_text().replace(procfs.boot_id(), "an-earlier-boot"))
    proxy.ensure({API: public})

    assert proxy.current(API) is None


def test_requests_wait_for_a_service_that_died_until_the_route_is_switched(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    dead, alive = tiny.serving("dead"), tiny.serving("alive", REVISION="r0")
    proxy.ensure({API: public})
    proxy.switch(API, port_of(dead))
    os.kill(dead.pid, signal.SIGKILL)
    dead.wait(10)

    with StrictClient(f"http://127.0.0.1:{public}", kept=2, fresh=2) as client:
        assert get(port_of(alive), "/slow?0.5")[0] == 200
        assert client.requests == 0
        proxy.switch(API, port_of(alive))
        enough(client)

    assert client.stop() and client.failures == ()


def test_requests_under_way_are_counted_for_the_process_that_they_reached(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    old, new = tiny.serving("old"), tiny.serving("new")
    proxy.ensure({API: public, FRONT: processes.free_port()})
    proxy.switch(API, port_of(old))
    slow = [socket.create_connection(("127.0.0.1", public)) for _ in range(3)]
    for one in slow:
        one.sendall(b"GET /slow?1 HTTP/1.1\r\nHost: x\r\n\r\n")

    eventually(lambda: proxy.in_flight(port_of(old)) == 3, every=0.001)
    proxy.switch(API, port_of(new))
    assert proxy.in_flight(port_of(old)) == 3
    assert proxy.in_flight(port_of(new)) == 0

    assert all(one.recv(100).startswith(b"HTTP/1.1 200") for one in slow)
    eventually(lambda: proxy.in_flight(port_of(old)) == 0)
    for one in slow:
        one.close()


def test_a_proxy_that_does_not_run_has_nothing_under_way(proxy: Proxy) -> None:
    assert proxy.in_flight(1) == 0
    proxy.ensure({API: processes.free_port()})
    proxy.stop()
    assert proxy.in_flight(1) == 0


def test_a_proxy_that_hangs_does_not_count_as_idle(proxy: Proxy) -> None:
    proxy.ensure({API: processes.free_port()})
    pid = caddy_pid(proxy, API)
    os.kill(pid, signal.SIGSTOP)

    problem = eventually(lambda: what_is_wrong(proxy.access_log(API).parent))

    os.kill(pid, signal.SIGCONT)
    assert problem == f"The proxy of {API} did not say what is under way."


def what_is_wrong(folder: Path) -> str:
    try:
        caddy.in_flight(folder, within=0.1)
    except Unavailable as problem:
        return problem.message
    return ""


def test_a_public_port_of_somebody_else_is_refused_by_name(proxy: Proxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        message = (
            f"port {port} is already used by {procfs.command(os.getpid())} (pid {os.getpid()}); "
            "free it or change services.api.targets.production.local.port"
        )

        with pytest.raises(Refused) as refused:
            proxy.ensure({API: port})

    assert refused.value.message == message
    proxy.ensure({API: port})
    assert get(port)[0] == 503


def test_a_route_moves_when_its_public_port_changes(proxy: Proxy, tiny: Tiny) -> None:
    before, after = processes.free_port(), processes.free_port()
    proxy.ensure({API: before})
    proxy.switch(API, port_of(tiny.serving(REVISION="r1")))

    proxy.ensure({API: after})

    assert revision(after) == "r1"
    with pytest.raises(ConnectionRefusedError):
        get(before)


def test_a_route_stays_where_it_is_when_its_new_port_is_taken(proxy: Proxy) -> None:
    before = processes.free_port()
    proxy.ensure({API: before})

    with socket.create_server(("127.0.0.1", 0)) as foreign, pytest.raises(Refused):
        proxy.ensure({API: foreign.getsockname()[1]})

    assert get(before)[0] == 503


def test_stopping_lets_requests_under_way_end(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    service = tiny.serving()
    proxy.ensure({API: public})
    proxy.switch(API, port_of(service))
    slow = socket.create_connection(("127.0.0.1", public))
    slow.sendall(b"GET /slow?0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: proxy.in_flight(port_of(service)) == 1, every=0.001)

    proxy.stop()

    assert slow.recv(100).startswith(b"HTTP/1.1 200")
    assert proxy.process(API) is None
    slow.close()


def test_the_access_log_has_what_the_metrics_need_and_nothing_secret(proxy: Proxy, tiny: Tiny) -> None:
    public = processes.free_port()
    service = tiny.serving()
    proxy.ensure({API: public})
    proxy.switch(API, port_of(service))

    get(public, "/login?code=secret")

    line = eventually(lambda: proxy.access_log(API).read_text())
    seen = json.loads(line)
    assert "secret" not in line
    assert seen["request"] == {"method": "GET", "host": f"127.0.0.1:{public}", "uri": "/login"}
    assert seen["status"] == 200
    assert seen["upstream"] == f"127.0.0.1:{port_of(service)}"
    assert seen["agent"] == ""
    assert 0 < seen["duration"] < 10
    assert abs(seen["ts"] - time.time()) < 60


def test_nobody_else_can_reach_the_admin_socket(proxy: Proxy) -> None:
    proxy.ensure({API: processes.free_port()})
    folder = proxy.access_log(API).parent

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "admin.sock").stat().st_mode & 0o777 == 0o600


def test_a_route_that_is_not_there_can_not_be_switched(proxy: Proxy) -> None:
    assert proxy.current(API) is None

    with pytest.raises(Unavailable) as unavailable:
        proxy.switch(API, 1234)

    assert unavailable.value.message == (
        f"The route {API} could not be switched to 127.0.0.1:1234: No such file or directory."
    )


@pytest.mark.parametrize("name", ["../up", "a b", "-x", "", "{file}", "x" * 101])
def test_names_that_can_not_be_folders_are_refused(proxy: Proxy, name: str) -> None:
    with pytest.raises(Refused):
        proxy.ensure({name: 1})
