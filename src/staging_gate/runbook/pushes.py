"""Procedure 1 and 4 as seen from git: who may push what, and what a push sets off."""

from collections.abc import Sequence
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action
from staging_gate.domain.gate.rules.rights import RIGHTS, takes_part
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_rollback_tag, parse_tag
from staging_gate.messages import notifications as notices
from staging_gate.messages import pushes as words
from staging_gate.ports import Ports
from staging_gate.ports.code_host import Tag
from staging_gate.ports.inbox import Inbox
from staging_gate.ports.pushes import RefUpdate, TagMade
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, deciding, telling
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.policy import MAIN, STAGING, policy_in_force
from staging_gate.runbook.roll_back import order

HEARD = "rollback tag heard of"
ACCEPTED, PUSHED, REFUSED = "rollback tag accepted", "rollback tag pushed", "rollback refused"
PROVIDERS = ("github",)


def judge(ports: Ports, actor: Actor, updates: Sequence[RefUpdate]) -> list[str]:
    """What the pusher is told when the push is refused; nothing when it may pass: other branches are free."""
    policy = policy_in_force(ports)
    if not takes_part(policy, actor):
        return words.only_looks_on(actor.name)
    refusals: list[str] = []
    for update in updates:
        refusals += _judge_one(ports, policy, actor, update)
    if not refusals:
        _accept(ports, actor, [update.tag for update in updates if update.tag and parse_rollback_tag(update.tag)])
    return refusals


def received(ports: Ports, actor: Actor, updates: Sequence[RefUpdate]) -> None:
    """After a push: open changes are looked at again, and a rollback tag is carried out."""
    changes.refresh_all(ports, [u.branch for u in updates if u.branch])
    for update in updates:
        if update.tag and update.new:
            _carry_out(ports, actor, update.tag, update.commit)


def heard(ports: Ports, inbox: Inbox) -> None:
    """Keep who made a rollback tag at the code host, before the delivery is settled: nothing else there says so."""
    news = ports.tag_news
    if news is None:
        return
    for delivery in inbox.waiting(PROVIDERS):
        made = news.made(delivery.body)
        if made and parse_rollback_tag(made.tag):
            _keep(ports, made, delivery.sent_at or delivery.received_at)


def catch_up(ports: Ports) -> None:
    """Judge the rollback tags that we heard of, and carry out those that were accepted: also where nobody told us of
    the push because we were killed in between."""
    tags = [tag for tag in ports.code_host.tags().values() if parse_rollback_tag(tag.name)]
    with ports.store.reading() as tx:
        records = {tag: order_of(tx, tag.name) for tag in tags}
    for tag, last in records.items():
        if last and (last.action == ACCEPTED or (last.action == HEARD and _is_let_through(ports, last, tag))):
            # The right was judged when it was accepted.
            _carry_out(ports, Actor(last.actor, roles=frozenset({"admin"})), tag.name, tag.commit)


def order_of(tx: Transaction, tag: str) -> AuditEntry | None:
    """How far the order is that the tag gives; None where nobody told of it."""
    known = [entry for entry in tx.audit_log.about(tag) if entry.action in (HEARD, ACCEPTED, PUSHED, REFUSED)]
    return next((entry for entry in known if entry.action == PUSHED), known[-1] if known else None)


def _keep(ports: Ports, made: TagMade, at: datetime) -> None:
    """An order is given once. One that was refused may be mended: the tag is deleted, and made anew."""
    policy, tag = policy_in_force(ports), ports.code_host.tags().get(made.tag)
    by = Actor(policy.person(made.by) if policy else made.by)
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)
        last = order_of(tx, made.tag)
        mended = last and tag and last.action == REFUSED and last.data.get("id") != tag.id
        if last is None or mended:
            tx.audit(by, HEARD, made.tag, made_at=at.isoformat())


def _is_let_through(ports: Ports, order: AuditEntry, tag: Tag) -> bool:
    """Judged as the embedded code host does before it takes a tag. The yes or the no is on the record."""
    policy = policy_in_force(ports)
    by = Actor(order.actor, roles=policy.roles_of(order.actor) if policy else frozenset())
    update = RefUpdate(f"refs/tags/{tag.name}", None, tag.commit, "tag" if tag.annotated else "commit", tag.commit)
    made_at = datetime.fromisoformat(str(order.data["made_at"]))
    with ports.store.reading() as tx:
        later = [one for one in tx.deployments.recent(Environment.PRODUCTION, 20) if one.requested_at > made_at]
    if not takes_part(policy, by):
        refusals = words.only_looks_on(by.name)
    elif later:
        refusals = words.rollback_tag_late(tag.name, later[-1].id)
    else:
        refusals = _judge_tag(ports, by, tag.name, update)
    with ports.store.transaction() as tx:
        said = " ".join(line.strip() for line in refusals)
        tx.audit(by, REFUSED if refusals else ACCEPTED, tag.name, said, id=tag.id)
        if refusals:
            _tell_refused(tx, by, tag.name, tag, said)
    return not refusals


def _accept(ports: Ports, actor: Actor, rollback_tags: Sequence[str]) -> None:
    """Remember whose they are before git has them."""
    if rollback_tags:
        with ports.store.transaction() as tx:
            for tag in rollback_tags:
                tx.audit(actor, ACCEPTED, tag)


def _judge_one(ports: Ports, policy: Policy | None, actor: Actor, update: RefUpdate) -> list[str]:
    staging = policy.staging.branch if policy else STAGING
    main = policy.production.branch if policy else MAIN
    if update.tag in (staging, main):
        return words.tag_like_a_branch(update.tag)
    if update.tag is not None:
        return _judge_tag(ports, actor, update.tag, update)
    branch = update.branch
    if branch is None:
        return words.internal_ref(update.ref)
    if branch not in (staging, main):
        return words.branch_like_a_tag(branch) if parse_tag(branch) or parse_rollback_tag(branch) else []
    if update.new is None:
        return words.protected_branch_deleted(branch)
    if update.old is None:
        return [] if actor.has_any("admin") else words.first_import_needs_admin(branch)
    return words.protected_branch(branch, staging)


def _judge_tag(ports: Ports, actor: Actor, tag: str, update: RefUpdate) -> list[str]:
    rollback = parse_rollback_tag(tag)
    if rollback is None:
        return words.release_tag(tag) if parse_tag(tag) else []
    if update.old is not None:
        return words.rollback_tag_moved(tag)
    if not update.annotated:
        return words.rollback_tag_lightweight(tag)
    roles = RIGHTS[Action.ROLL_BACK]
    if not actor.has_any(*roles):
        return words.no_right_to_roll_back(tag, actor.name, " or ".join(roles))
    with ports.store.reading() as tx:
        known = tx.releases.get(rollback.release)
    if known is None:
        return words.rollback_tag_unknown(tag, rollback.release)
    decision, _ = deciding.on_rolling_back(ports, rollback.release, actor)
    return [] if decision.open else words.rollback_refused(tag, decision)


def _carry_out(ports: Ports, actor: Actor, tag: str, points_at: str | None) -> None:
    """Whatever commit the tag points at, the code of the release is deployed; a differing commit is on the record."""
    rollback = parse_rollback_tag(tag)
    if rollback is None:
        return
    pushed = ports.code_host.tags().get(tag)
    decision, known = deciding.on_rolling_back(ports, rollback.release, actor)
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)
        if any(entry.action == PUSHED for entry in tx.audit_log.about(tag)):
            return  # whoever caught up was first
        release = tx.releases.get(rollback.release)
        commit = release.revision.commit if release and release.revision else None
        tx.audit(actor, PUSHED, tag, points_at=points_at, release_at=commit, same=points_at == commit)
        elsewhere = points_at if points_at != commit else None
        reason = words.rollback_reason(tag, pushed.message if pushed else "", elsewhere)
        if not decision.open:
            _refuse(tx, actor, tag, pushed, str(Closed(decision)))
            return
        try:
            order(tx, known, reason, actor)
        except Unusable as already:
            _refuse(tx, actor, tag, pushed, str(already))


def _refuse(tx: Transaction, by: Actor, tag: str, pushed: Tag | None, why: str) -> None:
    tx.audit(by, REFUSED, tag, why)
    _tell_refused(tx, by, tag, pushed, why)


def _tell_refused(tx: Transaction, by: Actor, tag: str, pushed: Tag | None, why: str) -> None:
    """Once for each tag of that name: it may have been mended."""
    release = parse_rollback_tag(tag)
    assert release is not None
    news = notices.rollback_refused(tag, release.release, by.name, why)
    telling.tell(tx, Event.ROLLBACK_REFUSED, tag, news, [by.name], pushed.id if pushed else "")
