"""Apprise, beyond what every notifier promises: which addresses it takes, mail, and what it costs."""

import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from staging_gate.adapters import apprise
from staging_gate.domain.notification import Message
from staging_gate.ports.errors import OutsideError, Refused, Unavailable, Unclear

SECRET = "hunter2"
BEN = "file:/run/secrets/ben"


def notifier(address: str | None) -> apprise.AppriseNotifier:
    return apprise.connect({BEN: address}.get, apprise.Settings(connect_seconds=1.0, answer_seconds=2.0))


class Mailbox(socketserver.StreamRequestHandler):
    """As much of a mail server as takes one message. `refuses` is the code with which it turns recipients away."""

    server: "MailServer"

    def handle(self) -> None:
        self._say("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper().split(":")[0]
            if verb == "RCPT" and self.server.refuses:
                self._say(f"{self.server.refuses} no such user {SECRET}")
            elif verb == "DATA":
                self._take()
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._say("250 ok")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.taken.append("\n".join(lines))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Mailbox)
        self.taken: list[str] = []
        self.refuses = 0

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.server_address[1]}?from=gate@gate.example&to=ben@gate.example"

    def mail(self) -> EmailMessage:
        (taken,) = self.taken
        parsed = message_from_string(taken, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_mail_arrives(mail: MailServer) -> None:
    notifier(mail.address).send(BEN, Message("Hotfix, change 7: login — 市場", "first line\nsecond line"))
    sent = mail.mail()
    assert sent["subject"] == "Hotfix, change 7: login — 市場"
    assert "ben@gate.example" in sent["to"]
    body = sent.get_body(("plain", "html"))
    assert body is not None
    assert "first line" in body.get_content() and "second line" in body.get_content()


def test_a_recipient_that_does_not_exist_is_refused(mail: MailServer) -> None:
    mail.refuses = 550
    with pytest.raises(Refused, match="user, password or recipient are not accepted") as caught:
        notifier(mail.address).send(BEN, Message("a", "b"))
    assert SECRET not in str(caught.value)


def test_a_mail_server_that_is_away_is_unavailable(mail: MailServer) -> None:
    gone = mail.address
    mail.server_close()
    with pytest.raises(Unavailable, match="There is no connection to where file:/run/secrets/ben leads"):
        notifier(gone).send(BEN, Message("a", "b"))


@pytest.mark.parametrize(
    "address", [f"nonsense {SECRET}", f"nosuch://{SECRET}", f"slack://{SECRET}", f"https://ben:{SECRET}@", ""]
)
def test_what_is_no_address_is_refused_and_not_shown(address: str) -> None:
    said = notifier(address).why_not(BEN)
    assert said == (
        f"What {BEN} leads to is no address that Apprise knows, such as mailtos://user:password@example.com."
    )


@pytest.mark.parametrize(
    ("reference", "said"),
    {
        "env:BEN": "env:BEN leads to no address: BEN is not set where Staging Gate runs.",
        "file:/x": "file:/x leads to no address: /x can not be read, or is empty, where Staging Gate runs.",
    }.items(),
)
def test_a_reference_that_leads_nowhere_says_what_is_missing(reference: str, said: str) -> None:
    assert apprise.connect(lambda _: None).why_not(reference) == said


@pytest.mark.parametrize(
    "address",
    [
        "mailtos://ben:pass@example.com",
        "slack://TokenA0000/TokenB000/TokenC000000000000000000/#releases",
        "tgram://123456789:abcdefg_hijklmnop-abcdefghijklmnopqr/12315544/",
        "ntfys://topic",
        "json://example.com/path",
        "  ntfys://topic\n",
    ],
)
def test_common_addresses_are_known(address: str) -> None:
    assert notifier(address).why_not(BEN) is None


def test_the_library_is_loaded_with_the_first_message_only() -> None:
    code = (
        "import sys; from staging_gate.bootstrap import adapters; from staging_gate.adapters import apprise;"
        "known = apprise.connect(lambda _: 'json://127.0.0.1:1'); print('apprise' in sys.modules);"
        "known.why_not('env:A'); print('apprise' in sys.modules)"
    )
    environ = {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert done.stdout == "False\nTrue\n", done.stderr


def test_a_service_that_breaks_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def break_down(*args: object, **kwargs: object) -> bool:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(NotifyJSON, "send", break_down)
    with pytest.raises(
        Unclear, match=r"Apprise broke on what file:/run/secrets/ben leads to \(ZeroDivisionError\)"
    ) as it:
        notifier("json://127.0.0.1:1/").send(BEN, Message("a", "b"))
    assert it.value.__suppress_context__


def test_an_error_is_one_of_ours() -> None:
    with pytest.raises(OutsideError):
        notifier(None).send(BEN, Message("a", "b"))
