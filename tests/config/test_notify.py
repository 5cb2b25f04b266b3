"""`notify`: whom to tell and where. Addresses hold secrets, and are never written here, nor shown."""

import pytest

from staging_gate.config import YamlPolicyReader
from staging_gate.domain.notification import Event, Notify
from staging_gate.ports.policy import PolicyProblems
from tests.config.policies import SMALL

SECRET = "hunter2"
ADDRESS = f"mailtos://ada:{SECRET}@shop.example"
WANTED = "wanted a reference to an address, which holds secrets: env:NAME or file:/full/path, found "


def read(notify: str) -> Notify:
    return YamlPolicyReader().read(f"{SMALL}notify:\n{notify}".encode(), "gate.yaml").notify


def problems_of(notify: str) -> list[str]:
    with pytest.raises(PolicyProblems) as caught:
        read(notify)
    return [problem.removeprefix("gate.yaml:") for problem in caught.value.problems]


def test_people_and_channels_have_references_to_their_addresses() -> None:
    notify = read(
        "  people: {ada: env:ADA_ALERTS, tess: file:/run/secrets/tess}\n"
        "  channels: {releases: env:RELEASES}\n"
        "  events: {releases: [release_verified, hotfix_opened]}\n"
    )
    assert notify == Notify(
        {"ada": "env:ADA_ALERTS", "tess": "file:/run/secrets/tess"},
        {"releases": "env:RELEASES"},
        {"releases": (Event.RELEASE_VERIFIED, Event.HOTFIX_OPENED)},
    )
    assert notify.address("tess") == "file:/run/secrets/tess"
    assert notify.address("#releases") == "env:RELEASES"
    assert notify.address("ben") is notify.address("#tess") is None


def test_without_it_nobody_is_told() -> None:
    assert YamlPolicyReader().read(SMALL.encode(), "gate.yaml").notify == Notify()


@pytest.mark.parametrize(
    ("notify", "problem"),
    {
        "an address": (
            f"  people: {{ada: '{ADDRESS}'}}\n",
            f"29:17: notify.people.ada: {WANTED}something else; "
            "put it into a variable or a file of the server, and name that here",
        ),
        "an address of a channel": (
            f"  channels: {{releases: 'slack://{SECRET}'}}\n",
            f"29:24: notify.channels.releases: {WANTED}something else; "
            "put it into a variable or a file of the server, and name that here",
        ),
        "a reference to nothing": (
            "  people: {ada: 'env:'}\n",
            f"29:17: notify.people.ada: {WANTED}env: or file: without a name",
        ),
        "a file without its full path": (
            f"  people: {{ada: 'file:{SECRET}'}}\n",
            f"29:17: notify.people.ada: {WANTED}env: or file: without a name",
        ),
        "a number": ("  people: {ada: 7}\n", f"29:17: notify.people.ada: {WANTED}a number"),
        "nobody of us": (
            "  people: {zoe: env:ZOE}\n",
            '29:12: notify.people.zoe: wanted somebody from `people`; found "zoe", known: ada, tess',
        ),
        "events of no channel": (
            "  channels: {releases: env:R}\n  events: {release: [release_verified]}\n",
            "30:12: notify.events.release: wanted a channel that `notify.channels` has an address of; "
            'found "release", did you mean "releases"?',
        ),
        "an event that does not exist": (
            "  channels: {r: env:R}\n  events: {r: [release_verifed]}\n",
            "30:16: notify.events.r[0]: wanted one of " + ", ".join(Event) + ', found the text "release_verifed"; '
            'did you mean "release_verified"?',
        ),
        "an event twice": (
            "  channels: {r: env:R}\n  events: {r: [check_failed, check_failed]}\n",
            '30:30: notify.events.r[1]: "check_failed" is there twice',
        ),
    }.values(),
)
def test_what_can_not_be_meant(notify: str, problem: str) -> None:
    said = problems_of(notify)
    assert said == [problem]
    assert SECRET not in str(said)
