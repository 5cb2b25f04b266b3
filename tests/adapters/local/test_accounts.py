import os
import shutil
import sys
from pathlib import Path

import pytest

from staging_gate.adapters.local import accounts, processes
from staging_gate.adapters.local.accounts import interpreter_for, service_account, why_not_separate
from staging_gate.adapters.local.tools import open_to_all
from staging_gate.ports.errors import Refused
from staging_gate.testing import eventually
from staging_gate.wire.commands import Account
from tests.adapters.local.tiny import Tiny, log_of


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decisions of root, whoever runs the tests; every account can execute every Python."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(accounts, "_version", lambda path, account: "3.12.1")


@pytest.fixture
def account() -> Account | None:
    """Another account where we can choose one, else none: then services are to run as ourselves."""
    return service_account()


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


def test_as_root_services_run_as_the_account_of_the_setting(root: None) -> None:
    account = service_account("daemon")

    assert account and account.name == "daemon" and account.uid > 0
    assert why_not_separate("daemon") is None


def test_root_may_be_asked_for_by_name(root: None) -> None:
    assert service_account("root") is None
    assert why_not_separate("root") == "Services run as root, like Staging Gate itself, because the setting says root."


def test_an_unknown_account_is_refused(root: None) -> None:
    with pytest.raises(Refused) as refused:
        service_account("no-such-account")

    assert refused.value.message == (
        "There is no account no-such-account on this machine, as which programs were to run. Create it "
        "(useradd --system no-such-account) or name another one in GATE_SERVICE_ACCOUNT."
    )


def test_a_python_that_the_account_can_not_execute_leaves_services_with_us(
    root: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "python3"
    hidden.touch(0o755)
    only(monkeypatch, str(hidden))
    monkeypatch.setattr(accounts, "_version", lambda path, account: None if account else "3.12.1")

    assert service_account("nobody") is None
    assert interpreter_for(None).path == str(hidden)
    assert why_not_separate("nobody") == (
        "Services run as root, not as nobody. No Python 3.11 or newer was found that nobody can execute "
        f"(tried {hidden}). Install one where everybody can execute it, such as /usr/bin/python3, and start "
        "Staging Gate again."
    )


def test_what_is_found_has_really_been_executed_by_the_account(
    account: Account | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "private" / "python3"
    hidden.parent.mkdir(mode=0o700)
    shutil.copy(os.path.realpath(sys.executable), hidden)
    if account is None:
        hidden.chmod(0o600)
    good = interpreter_for(account).path
    only(monkeypatch, str(hidden), good)
    accounts._interpreter.cache_clear()

    assert interpreter_for(account).path == good


def test_a_service_has_the_rights_of_its_account_only(tiny: Tiny, account: Account | None) -> None:
    program = (
        "import os; print(os.getuid(), os.geteuid(), os.getgid()); print(os.getgroups());"
        "print(open('/proc/self/status').read())"
    )
    spec = tiny.command(interpreter_for(account).path, "-I", "-S", "-c", program, account=account, cwd=Path("/"))

    process = processes.start(spec)

    assert process.wait(10)
    ids, groups, *status = log_of(process).splitlines()
    uid, gid = (account.uid, account.gid) if account else (os.getuid(), os.getgid())
    assert ids == f"{uid} {uid} {gid}"
    assert groups == ("[]" if account else str(os.getgroups()))
    facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert facts["NoNewPrivs"] == ("1" if account else "0")
    assert int(facts["CapEff"], 16) == 0


def test_a_service_of_another_account_ends_with_its_shim(tiny: Tiny, account: Account | None) -> None:
    process = processes.start(tiny.command("sleep", "600", account=account, cwd=Path("/")))

    os.kill(process.shim.pid, 9)

    eventually(lambda: not process.alive())


def test_a_folder_that_can_not_be_entered_is_said_in_the_log(tiny: Tiny) -> None:
    missing = tiny.folder / "missing"

    process = processes.start(tiny.command("true", cwd=missing))

    assert process.wait(10)
    assert process.exit_code() == 127
    assert log_of(process).startswith(f"true can not be started in {missing}: [Errno 2] No such file or directory")


def test_another_account_gets_our_programs_where_it_can_execute_them(tmp_path: Path) -> None:
    program = tmp_path / "closed" / "uv"
    program.parent.mkdir(mode=0o700)
    program.write_text("one")
    copy = open_to_all(program, tmp_path / "tools")
    assert (copy.read_text(), copy.stat().st_mode & 0o777) == ("one", 0o755)

    before = copy.stat().st_ino
    assert open_to_all(program, tmp_path / "tools").stat().st_ino == before

    program.write_text("another")
    assert open_to_all(program, tmp_path / "tools").read_text() == "another"
    assert [one.name for one in (tmp_path / "tools").iterdir()] == ["uv"]
