import os
import shutil
import sys
from pathlib import Path

import pytest

from staging_gate.adapters.local import accounts, processes
from staging_gate.adapters.local.accounts import interpreter_for, service_account, why_not_separate
from staging_gate.ports.errors import Refused
from staging_gate.testing import eventually
from staging_gate.wire.commands import Account
from tests.adapters.local.tiny import Tiny, log_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can choose an account")
NOBODY = Account("nobody", 65534, 65534)


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    accounts._interpreter.cache_clear()


def only(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    monkeypatch.setattr(accounts, "_places", lambda: iter(paths))


def test_without_root_services_run_as_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() or 65534)

    assert service_account() is None
    text = why_not_separate()
    assert text and text.endswith("like Staging Gate itself: only root can start them as another account.")


def test_our_own_python_will_do_for_ourselves() -> None:
    found = interpreter_for(None)

    assert Path(found.path).is_relative_to(os.path.realpath(sys.base_prefix))
    assert found.version == ".".join(map(str, sys.version_info[:3]))


def test_no_python_at_all_is_refused_with_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "/bin/false", "/no/such/python3")

    with pytest.raises(Refused) as refused:
        interpreter_for(None)

    assert refused.value.message == (
        f"No Python 3.11 or newer was found that this account can execute (tried {os.path.realpath('/bin/false')}). "
        "Install one where everybody can execute it, such as /usr/bin/python3."
    )


def test_an_old_python_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\necho 3.8.10\n")
    old.chmod(0o755)
    good = os.path.realpath(sys.executable)
    only(monkeypatch, str(old), good)

    assert interpreter_for(None).path == good


@as_root
def test_as_root_services_run_as_the_account_of_the_setting() -> None:
    account = service_account("daemon")

    assert account and account.name == "daemon" and account.uid > 0
    assert why_not_separate("daemon") is None


@as_root
def test_root_may_be_asked_for_by_name() -> None:
    assert service_account("root") is None
    assert why_not_separate("root") == "Services run as root, like Staging Gate itself, because the setting says root."


@as_root
def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        service_account("no-such-account")

    assert refused.value.message == (
        "There is no account no-such-account on this machine, as which services were to run. Create it "
        "(useradd --system no-such-account) or name another one in GATE_SERVICE_ACCOUNT."
    )


@as_root
def test_a_python_that_the_account_can_not_execute_leaves_services_with_us(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "private" / "python3"
    hidden.parent.mkdir(mode=0o700)
    shutil.copy(os.path.realpath(sys.executable), hidden)
    only(monkeypatch, str(hidden))

    assert service_account("nobody") is None
    assert interpreter_for(None).path == str(hidden)
    assert why_not_separate("nobody") == (
        "Services run as root, not as nobody. No Python 3.11 or newer was found that nobody can execute "
        f"(tried {hidden}). Install one where everybody can execute it, such as /usr/bin/python3, and start "
        "Staging Gate again."
    )


@as_root
def test_a_service_of_another_account_has_no_rights_of_ours(tiny: Tiny) -> None:
    program = (
        "import os; print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups());"
        "print(open('/proc/self/status').read())"
    )
    spec = tiny.command(interpreter_for(NOBODY).path, "-I", "-S", "-c", program, account=NOBODY, cwd=Path("/"))

    process = processes.start(spec)

    assert process.wait(10)
    first, *status = log_of(process).splitlines()
    assert first == "65534 65534 65534 []"
    facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert facts["CapEff"] == "0000000000000000"
    assert facts["NoNewPrivs"] == "1"


@as_root
def test_a_service_of_another_account_ends_with_its_shim(tiny: Tiny) -> None:
    process = processes.start(tiny.command("sleep", "600", account=NOBODY, cwd=Path("/")))

    os.kill(process.shim.pid, 9)

    eventually(lambda: not process.alive())


@as_root
def test_a_folder_that_the_account_can_not_enter_is_said_in_the_log(tiny: Tiny) -> None:
    private = tiny.folder / "private"
    private.mkdir(mode=0o700)

    process = processes.start(tiny.command("true", account=NOBODY, cwd=private))

    assert process.wait(10)
    assert process.exit_code() == 127
    assert log_of(process).startswith(f"true can not be started in {private}: [Errno 13] Permission denied")
