"""Decisions as people read them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from staging_gate.domain.bypass import Bypass
from staging_gate.domain.gate import Caution, Decision, Reason
from staging_gate.messages.bypasses import passed_by

NAMES = {
    "open_change": "open this change",
    "approve": "approve it",
    "prove": "try it in staging",
    "merge": "merge it",
    "promote": "merge the release",
    "merge_when_ready": "have it merged when it is ready",
    "bypass": "bypass it",
    "publish": "publish it",
    "announce": "announce it",
    "maintain": "announce or change a maintenance",
    "publish_when_ready": "have it published when it is ready",
    "deploy": "deploy it",
    "roll_back": "roll back",
    "hold": "hold it",
    "lift": "lift it",
    "resolve": "resolve it",
    "withdraw": "withdraw it",
    "edit": "edit it",
    "cancel": "cancel it",
    "take_part": "take part",
}


def headline(action: str, actor: str, reasons: int, passed: int = 0) -> str:
    if not reasons and passed:
        what = "one reason" if passed == 1 else f"{passed} reasons"
        return f"The gate is open only because a bypass lets {what} be passed: {actor} can {NAMES[action]}."
    if not reasons:
        return f"The gate is open: {actor} can {NAMES[action]}."
    return f"The gate is closed, for {reasons} {'reason' if reasons == 1 else 'reasons'}."


def lines(decision: Decision) -> list[str]:
    """A plain rendering: the headline, then each reason with its evidence and what would open it."""
    text = [headline(decision.action, decision.actor, len(decision.reasons), len(decision.bypassed))]
    for reason in decision.reasons:
        text += _reason(reason)
    for passed in decision.bypassed:
        text += _passed(passed.reason.code, passed.reason.sentence, passed.bypass)
    for warning in decision.warnings:
        text += _warning(warning)
    return text


def lines_of(decision: Mapping[str, Any]) -> list[str]:
    """The same from the decision's JSON, as clients of the API have it."""
    reasons = [_read(reason) for reason in decision["reasons"]]
    text = [headline(decision["action"], decision["actor"], len(reasons), len(decision["bypassed"]))]
    text += [line for reason in reasons for line in _reason(reason)]
    for passed in decision["bypassed"]:
        text += _passed(passed["reason"]["code"], passed["reason"]["sentence"], _bypass(passed["bypass"]))
    warnings = [Caution(**{**raw, "evidence": tuple(raw["evidence"])}) for raw in decision.get("warnings", ())]
    return text + [line for warning in warnings for line in _warning(warning)]


def _read(raw: Mapping[str, Any]) -> Reason:
    until = datetime.fromisoformat(raw["until"]) if raw["until"] else None
    evidence, bypass = tuple(raw["evidence"]), tuple(raw["bypass"])
    return Reason(raw["code"], raw["sentence"], raw["opens_when"], evidence, until, bypass)


def _bypass(raw: Mapping[str, Any]) -> Bypass:
    moments = {name: raw[name] and datetime.fromisoformat(raw[name]) for name in ("at", "expires_at", "used_at")}
    return Bypass(**{**raw, **moments, "withdrawn_at": None})


def _passed(code: str, sentence: str, bypass: Bypass) -> list[str]:
    return [f"- {sentence} [{code}]", f"    {passed_by(bypass)}"]


def _reason(reason: Reason) -> list[str]:
    text = [f"- {reason.sentence} [{reason.code}]"]
    text += [f"    {line}" for line in reason.evidence]
    if reason.until is not None:
        text.append(f"    until {reason.until:%a %Y-%m-%d %H:%M} UTC")
    if reason.bypass:
        text.append(f"    may be bypassed by: {', '.join(reason.bypass)}")
    text.append(f"    -> {reason.opens_when}")
    return text


def _warning(warning: Caution) -> list[str]:
    text = [f"! {warning.sentence} [{warning.code}]"]
    text += [f"    {line}" for line in warning.evidence]
    return [*text, f"    -> {warning.advice}"]
