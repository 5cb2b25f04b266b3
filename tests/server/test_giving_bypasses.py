"""Bypasses over the API, and on the pages of what they are for."""

import pytest

from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api
from tests.server.test_api import ask, refused

WHY = "customers can not log in"


def test_the_pages_of_the_change_and_of_the_release_say_it_too(served: Served) -> None:
    served.commit("staging", {"index.html": "hello again"}, "feat: say it again", start="staging")
    Api(served.address, served.token_of("ada")).post("/releases", tag="v1.0.0")
    tess = Api(served.address, served.token_of("tess"))
    tess.post("/bypasses", subject="v1.0.0", code="not_verified_in_staging", reason=WHY)

    said = "tess lets not_verified_in_staging of v1.0.0 be passed (in force, until "
    for path in ("/changes/1", "/releases/v1.0.0", "/board-content"):
        assert said in ask(served, "GET", path, cookie=served.cookie)[1]
    assert "waits for 1 more as tech_lead: tess" in ask(served, "GET", "/changes/1", cookie=served.cookie)[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"seconds": -1}, "body.seconds: Input should be greater than or equal to 0"),
        ({"seconds": 10**8}, "A bypass lasts from 5 minutes to 72 hours"),
        ({"reason": "x" * 1001}, "A bypass needs a justification of 10 to 1000 letters"),
        ({"subject": "v9.9.9"}, "There is no release 'v9.9.9'."),
        ({"colour": "red"}, "body.colour: Extra inputs are not permitted"),
    ],
)
def test_bad_input_is_named(admin: Api, body: dict[str, object], said: str) -> None:
    asked = {"subject": "v1.0.0", "code": "freeze", "reason": WHY, **body}
    assert str(refused(admin, "POST", "/bypasses", **asked)).startswith(said)
