"""Every recorded answer of GitHub, where the recordings are at hand: what is read of it, or why it is not."""

import json
import re
from types import GenericAlias
from typing import Any

import pytest

from staging_gate.adapters.github import provider, report_shapes, shapes
from staging_gate.ports.errors import OutsideError
from staging_gate.testing.web import Request
from staging_gate.wire.answers import Answer
from tests.adapters.github.specification import Examination, examinations, recordings
from tests.adapters.specification import NOT_READ, PARSED, ends_of, tell

REPOSITORY = r"/repos/[^/]+/[^/]+"

READ: tuple[tuple[str, str, type | GenericAlias], ...] = (
    ("GET", REPOSITORY, shapes.Repository),
    ("GET|PATCH", rf"{REPOSITORY}/pulls/\d+", shapes.PullRequest),
    ("POST", rf"{REPOSITORY}/pulls", shapes.PullRequest),
    ("GET", rf"{REPOSITORY}/(pulls|commits/\w+/pulls)", list[shapes.PullRequest]),
    ("PUT", rf"{REPOSITORY}/pulls/\d+/merge", shapes.MergeResult),
    ("GET", rf"{REPOSITORY}/pulls/\d+/reviews", list[shapes.Review]),
    ("POST|DELETE", rf"{REPOSITORY}/pulls/\d+/reviews(/\d+(/events)?)?", shapes.Review),
    ("GET", r"/(repos|repositories)/.*/commits/\w+/check-runs", shapes.CheckRuns),
    ("POST|PATCH", rf"{REPOSITORY}/check-runs(/\d+)?", shapes.CheckRun),
    ("GET", rf"{REPOSITORY}/rules/branches/\w+", list[shapes.Rule]),
    ("GET|PUT", rf"{REPOSITORY}/branches/\w+/protection", shapes.ClassicProtection),
    ("POST|DELETE", rf"{REPOSITORY}/issues/\d+/labels.*", list[shapes.Label]),
    ("GET|POST", rf"{REPOSITORY}/releases(/\d+|/latest|/tags/.+)?", shapes.Release),
    ("POST", rf"{REPOSITORY}/deployments", report_shapes.Deployment),
    ("GET", rf"{REPOSITORY}/deployments", list[report_shapes.Deployment]),
    ("POST", rf"{REPOSITORY}/deployments/\d+/statuses", report_shapes.DeploymentStatus),
    ("GET", rf"{REPOSITORY}/deployments/\d+/statuses", list[report_shapes.DeploymentStatus]),
    ("GET", rf"{REPOSITORY}/actions/runs/\d+", report_shapes.Run),
    ("GET", rf"{REPOSITORY}/issues/\d+/comments", list[report_shapes.Comment]),
    ("POST", rf"{REPOSITORY}/issues/\d+/comments", report_shapes.Comment),
    ("POST", r"/app/installations/\d+/access_tokens", shapes.InstallationToken),
    ("GET", rf"{REPOSITORY}/installation", shapes.Installation),
    ("POST|PATCH", rf"{REPOSITORY}/git/refs.*", shapes.GitRef),
)


def read(call: dict[str, Any]) -> str:
    """`parsed`, or why not."""
    body = json.dumps(call["body"]).encode() if call["body"] is not None else b""
    answer = Answer(call["status"], {name.lower(): value for name, value in call["headers"].items()}, body)
    if answer.status >= 400:
        return PARSED if provider.said(answer) and "\n" not in provider.said(answer) else "an error without words"
    kind = _kind(call["method"], call["url"])
    if kind is None:
        return NOT_READ
    try:
        shapes.understood(kind, answer)
    except OutsideError as error:
        return error.message
    return PARSED


def _kind(method: str, url: str) -> Any:
    path = url.partition("?")[0].rstrip("/")
    return next((kind for how, where, kind in READ if re.fullmatch(how, method) and re.fullmatch(where, path)), None)


@pytest.mark.parametrize("calls", recordings(), ids=["recorded"] * len(recordings()))
def test_every_recorded_answer_that_is_read_can_be(calls: list[dict[str, Any]], pytestconfig: pytest.Config) -> None:
    tally = tell(pytestconfig, "GitHub", ends_of(calls, read))

    assert tally.refused == {}
    assert tally.ends[PARSED] > 0


@pytest.mark.parametrize("examination", examinations(), ids=lambda _: "described")
class TestTheExamination:
    """Finds what it is there to find."""

    def examined(self, examination: Examination, method: str, path: str, body: object) -> list[str]:
        seen, known = examination.seen, len(examination.faults)
        headers = {"content-type": "application/json"}
        examination.look(Request(method, f"/api/v3{path}", {}, headers, json.dumps(body).encode()))
        assert examination.seen == seen + 1
        return examination.faults[known:]

    def test_a_good_request(self, examination: Examination) -> None:
        wanted = {"ref": "refs/tags/v1.0.0", "sha": "1" * 40}

        assert self.examined(examination, "POST", "/repos/zebra/marketedge/git/refs", wanted) == []
        assert self.examined(examination, "DELETE", "/repos/zebra/marketedge/git/refs/heads/feature/x", None) == []

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/repos/zebra/marketedge/git/refs", {"ref": "refs/tags/v1.0.0"}),
            ("PUT", "/repos/zebra/marketedge/pulls/7/merge", {"merge_method": "octopus"}),
            ("PUT", "/repos/zebra/marketedge/pulls/seven/merge", {}),
            ("POST", "/repos/zebra/marketedge/nothing", {}),
        ],
    )
    def test_a_bad_request(self, examination: Examination, method: str, path: str, body: object) -> None:
        assert len(self.examined(examination, method, path, body)) == 1
