"""What we decide and do, seen at GitHub: verdicts, one comment, deployments, releases, and answers to waiting runs."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.adapters.github.report_calls import ReportCalls
from staging_gate.adapters.github.report_shapes import OwnRun
from staging_gate.domain.environment import Environment
from staging_gate.domain.pull_request import OUR_CHECK
from staging_gate.ports.errors import Refused
from staging_gate.ports.reports import (
    Answer,
    Asked,
    DeploymentReport,
    Light,
    ReleaseReport,
    Verdict,
    Waiting,
)

LONGEST_LINE, LONGEST_TEXT, LONGEST_REVIEW = 140, 65_535, 1024
"""Of descriptions, of what Markdown may be, and of what is said to a waiting run: GitHub refuses more as a whole."""

LONGEST_RELEASE = 125_000
MARKER = "<!-- staging-gate -->"
PAYLOAD = "staging_gate"
OURS = "staging-gate/change-"
STATUS = "status"
SUPERSEDED = f"Superseded by the check run {OUR_CHECK}, which says it now."
CALLBACK = re.compile(r"/actions/runs/([0-9]{1,18})/deployment_protection_rule/?$")

LACKING: Mapping[str, str] = {
    "checks": "checks: write is not granted: commit statuses are used instead of check runs.",
    "statuses": "statuses: write is not granted, nor is checks: write: our verdict is not shown on pull requests.",
    "pull_requests": "pull_requests: write is not granted: nothing is commented on pull requests.",
    "deployments": "deployments: write is not granted: deployments are not shown, and waiting runs are not answered.",
    "contents": "contents: write is not granted: no releases are published there.",
    "actions": "actions: read is not granted: runs that wait for us can not be looked at, and are not answered.",
}


class GitHubReports:
    """Implements `ports.reports.Reports`."""

    def __init__(self, calls: Calls, sign_in: SignIn) -> None:
        self._releases, self._sign_in = calls, sign_in
        self._calls = ReportCalls(calls.http, calls.name)
        self._login: str | None = None

    @property
    def voice(self) -> str:
        return "App" if isinstance(self._sign_in, AppToken) else "token"

    def verdict(self, verdict: Verdict, key: str = "") -> str:
        if not self._may("checks"):
            return self._status(verdict, str(verdict.light), verdict.title)
        told = self._check_run(verdict, key)
        if key == STATUS and self._may("statuses"):
            # GitHub asks for both where they share a name, and takes no status back. One that is green decides nothing.
            self._status(verdict, "success", SUPERSEDED)
        return told

    def comment(self, change: int, body: str, key: str = "") -> str:
        text = self._bounded(f"{MARKER}\n{body}", LONGEST_TEXT)
        if key and self._calls.edit_comment(int(key), text):
            return key
        found = self._own_comment(change)
        if found and self._calls.edit_comment(found, text):
            return str(found)
        return str(self._calls.create_comment(change, text).id)

    def deployment(self, report: DeploymentReport, key: str = "") -> str:
        id = int(key) if key else self._found_deployment(report) or self._created_deployment(report)
        wanted = self._standing(report)
        last = self._calls.last_status(id)
        if last is None or (last.state, last.description or "") != (wanted["state"], wanted["description"]):
            self._calls.create_deployment_status(id, wanted)
        return str(id)

    def release(self, report: ReleaseReport, key: str = "") -> str:
        title, notes = self._bounded(report.title, 255), self._bounded(report.notes, LONGEST_RELEASE)
        words = {"name": title, "body": notes, "prerelease": report.prerelease}
        if key and self._calls.edit_release(int(key), words):
            return key
        try:
            return str(self._releases.publish_release(report.tag, title, notes, prerelease=report.prerelease).id)
        except Refused as refused:
            raise self._without_workflows(report.tag, refused) from refused

    def asked(self, hint: bytes) -> Asked | None:
        try:
            body = json.loads(hint)
        except (ValueError, RecursionError):  # anybody's words: kept, and not for us
            return None
        if not isinstance(body, dict) or body.get("action") != "requested":
            return None
        found = CALLBACK.search(str(body.get("deployment_callback_url") or ""))
        environment = body.get("environment")
        return Asked(int(found[1]), environment) if found and isinstance(environment, str) and environment else None

    def waiting(self, asked: Asked) -> Waiting | None:
        run = self._calls.run(asked.run)
        if run is None or run.repository is None or run.repository.full_name.lower() != self._calls.name.lower():
            return None
        names = [one.environment.name for one in self._calls.pending_deployments(run.id)]
        return Waiting(asked, run.head_sha, run.head_branch or "") if asked.environment in names else None

    def answer(self, asked: Asked, answer: Answer, comment: str) -> None:
        said = {"environment_name": asked.environment, "comment": self._bounded(comment, LONGEST_REVIEW)}
        self._calls.review(asked.run, said if answer is Answer.WAIT else {**said, "state": str(answer)})

    def lacking(self) -> Sequence[str]:
        if not isinstance(self._sign_in, AppToken):
            return ()
        lacks = [right for right in LACKING if not self._may(right)]
        if "checks" not in lacks:
            lacks = [right for right in lacks if right != "statuses"]
        elif "statuses" in lacks:
            lacks.remove("checks")
        return tuple(LACKING[right] for right in lacks)

    # --- verdicts ------------------------------------------------------------------------------------------------

    def _check_run(self, verdict: Verdict, key: str) -> str:
        """One that has ended is not begun again: there is a new one of the same name, and the newest counts."""
        body = self._run_body(verdict)
        known = int(key.removeprefix("run ")) if key.startswith("run ") else None
        if known and verdict.light is not Light.PENDING and self._calls.update_check_run(known, body):
            return key
        newest = self._own_run(verdict)
        if newest and (newest.status != "completed" or verdict.light is not Light.PENDING):
            self._calls.update_check_run(newest.id, body)
            return f"run {newest.id}"
        return f"run {self._calls.create_check_run({**body, 'head_sha': verdict.commit}).id}"

    def _own_run(self, verdict: Verdict) -> OwnRun | None:
        runs = self._calls.check_runs(verdict.commit, OUR_CHECK)
        ours = [run for run in runs if run.external_id == f"{OURS}{verdict.change}"]
        return max(ours, key=lambda run: run.id, default=None)

    def _run_body(self, verdict: Verdict) -> dict[str, Any]:
        title, summary = self._bounded(verdict.title, LONGEST_LINE), self._bounded(verdict.summary, LONGEST_TEXT)
        ended = {"status": "completed", "conclusion": str(verdict.light)}
        return {
            "name": OUR_CHECK,
            "external_id": f"{OURS}{verdict.change}",
            **({"status": "in_progress"} if verdict.light is Light.PENDING else ended),
            **({"details_url": verdict.address} if verdict.address else {}),
            "output": {"title": title, "summary": summary},
        }

    def _status(self, verdict: Verdict, state: str, said: str) -> str:
        """The same again is not sent: GitHub takes a thousand of one name on one commit."""
        title = self._bounded(said, LONGEST_LINE)
        last = next((one for one in self._calls.statuses(verdict.commit) if one.context == OUR_CHECK), None)
        if last and (last.state, last.description or "") == (state, title):
            return STATUS
        address = {"target_url": verdict.address} if verdict.address else {}
        body = {"state": state, "context": OUR_CHECK, "description": title, **address}
        self._calls.create_status(verdict.commit, body)
        return STATUS

    # --- comments ------------------------------------------------------------------------------------------------

    def _own_comment(self, change: int) -> int | None:
        """By its marker, and by who wrote it: anybody can write the marker."""
        login = self._own_login()
        ours = (one for one in self._calls.comments(change) if one.user and one.user.login == login)
        return next((one.id for one in ours if (one.body or "").startswith(MARKER)), None)

    def _own_login(self) -> str:
        if self._login is None:
            app = self._sign_in
            known = f"{app.installation().app_slug}[bot]" if isinstance(app, AppToken) else self._calls.viewer().login
            self._login = known
        return self._login

    # --- deployments and releases --------------------------------------------------------------------------------

    def _found_deployment(self, report: DeploymentReport) -> int | None:
        listed = self._calls.deployments(report.commit, report.environment)
        return next((one.id for one in listed if _named(one.payload) == report.id), None)

    def _created_deployment(self, report: DeploymentReport) -> int:
        asked: dict[str, Any] = {
            "ref": report.commit,
            "task": "rollback" if report.is_rollback else "deploy",
            "auto_merge": False,
            "required_contexts": [],
            "payload": {PAYLOAD: report.id},
            "environment": report.environment,
            "description": self._bounded(report.description, LONGEST_LINE),
            "production_environment": report.environment == Environment.PRODUCTION,
        }
        return self._calls.create_deployment(asked).id

    def _standing(self, report: DeploymentReport) -> dict[str, Any]:
        """What is live no more is said by ourselves, for each: GitHub would say it of some and not of others."""
        links = {"log_url": report.address, "environment_url": report.public}
        return {
            "state": str(report.stage),
            "description": self._bounded(report.description, LONGEST_LINE),
            "auto_inactive": False,
            **{name: address for name, address in links.items() if address},
        }

    def _without_workflows(self, tag: str, refused: Refused) -> Refused:
        """GitHub says 404 where a release's commit changes workflows and the token may not."""
        if not refused.evidence.startswith("404"):
            return refused
        return Refused(
            f"GitHub does not publish the release of {tag}: it says that it is not found, as it does where the tagged "
            "commit changes .github/workflows/ and the token may not. Grant Workflows: read and write; the release is "
            "then published by itself.",
            refused.evidence,
        )

    def _bounded(self, text: str, most: int) -> str:
        shown = self._calls.http.redactor.hide(text)
        return shown if len(shown) <= most else shown[: most - 1] + "…"

    def _may(self, right: str) -> bool:
        """What an App may is told; of a token nobody knows before it is tried, but that it makes no check runs."""
        if not isinstance(self._sign_in, AppToken):
            return right != "checks"
        granted = (self._sign_in.permissions() or {}).get(right)
        return granted in ("write", "admin") or (right == "actions" and granted == "read")


def _named(payload: Any) -> str | None:
    """Our id in a deployment's payload, which comes as it was sent or as text."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:  # somebody else's
            return None
    return payload.get(PAYLOAD) if isinstance(payload, dict) else None
