"""What going back means for the database, before, while and after it is done."""

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.gate import Facts
from staging_gate.domain.going_back import NO_WISH, Course, course_for_a_person, lost
from staging_gate.domain.way_back import WayBack, WayBackVerdict
from staging_gate.messages.deployments import name

BOTH_WISHES = "Say --switch-only or --accept-data-loss, not both: the database stays as it is, or it goes back too."


def plan(known: Facts) -> str:
    """What a rollback would do now, in a sentence; for a person who says nothing besides."""
    target, way = known.rollback_to, known.way_back
    if target is None:
        return "There is nothing to go back to."
    head = f"Going back to {name(target)} now"
    course = course_for_a_person(way, NO_WISH)
    if course is Course.SWITCH:
        return f"{head} moves the traffic alone: it works on the database as it is."
    if course is Course.DOWNGRADE:
        return f"{head} downgrades the database first, and throws nothing away."
    if way is None or way.verdict is WayBackVerdict.UNKNOWN:
        return f"{head} asks a person first: whether it works on the database as it is, is not known."
    if way.verdict is WayBackVerdict.IRREVERSIBLE:
        return f"{head} is not possible: it does not work on the database as it is, and no downgrade mends that."
    return f"{head} downgrades the database first, if a person agrees to throw away: {lost(way)}."


def about_database(course: Course, way: WayBack | None, wished_by: str | None) -> str:
    """For the record of a rollback; empty where there is nothing to say. `wished_by` ordered it, None is nobody."""
    verdict = way.verdict if way else WayBackVerdict.UNKNOWN
    if course is Course.DOWNGRADE:
        if way is None or verdict is WayBackVerdict.UNKNOWN:
            return f"The database goes back first, and {wished_by} accepts whatever that throws away: it is not known."
        if not way.losses:
            return "The database goes back first, which throws nothing away."
        agreed = f"as {wished_by} accepts" if wished_by else "as gate.yaml agrees to"
        return f"The database goes back first, which throws away, {agreed}: {lost(way)}."
    if verdict is WayBackVerdict.COMPATIBLE:
        return ""
    if wished_by:
        return f"The traffic goes back alone, at the risk of {wished_by}: {_known_to_fail(way)}."
    return "The traffic goes back alone: what comes back has run on this database until now, and no more is known."


def stays_live(live: Deployment, back: Deployment, way: WayBack | None) -> str:
    """Why nothing was put back."""
    return f"{name(live)} stays live: {_why(back, way)}."


def can_not_go_back(live: Deployment, back: Deployment) -> str:
    """The title of an incident."""
    return f"{name(live)} is live and can not go back to {name(back)} by itself: a person has to choose now"


def options(live: Deployment, back: Deployment, way: WayBack | None) -> str:
    """What whoever is called needs to know, and can do."""
    to = back.release or "TAG"
    reason = '--reason "..."'
    lines = [f"{name(live)} is live: {_why(back, way)}.", *(way.evidence if way else ()), "", "What can be done:"]
    if way is not None and way.verdict is WayBackVerdict.REVERSIBLE:
        lines.append(f"- go back, and throw that away: `gate rollback {to} --accept-data-loss {reason}`")
    lines += [
        f"- move the traffic alone, at your own risk: `gate rollback {to} --switch-only {reason}`",
        f"- restore the backup from before its migrations, then the traffic alone: `gate restore-plan {live.id}`",
        "- fix it forward, from what production runs now: `gate hotfix start NAME`; before its merge, lift the hold",
    ]
    return "\n".join(lines)


def does_not_suit(runs: Deployment, failed: Deployment) -> str:
    """The title of an incident: the traffic never moved, and what receives it is broken all the same."""
    return f"{name(runs)} is live on a database that {name(failed)} has migrated, and does not work there"


def unsuitable(runs: Deployment, failed: Deployment, way: WayBack | None, problem: str) -> str:
    tag = failed.release or "TAG"
    lines = [f"{failed.id} did not go live, and its migrations stay: {_why(runs, way)}."]
    lines += [f"To bring the database back was tried: {problem}"] if problem else []
    lines += way.evidence if way else ()
    lines += [
        "",
        "What can be done:",
        f"- restore the backup from before its migrations: `gate restore-plan {failed.id}`",
        f"- mend what kept {tag} from going live, and release that: `gate deployment show {failed.id}`",
    ]
    return "\n".join(lines)


def _why(back: Deployment, way: WayBack | None) -> str:
    if way is not None and way.verdict is WayBackVerdict.REVERSIBLE:
        throws = f"throws away: {lost(way)}" if way.losses else "gate.yaml keeps for people"
        return f"{name(back)} does not work on its database, and needs a downgrade, which {throws}"
    return f"{name(back)} {_known_to_fail(way)}"


def _known_to_fail(way: WayBack | None) -> str:
    if way is None or way.verdict is WayBackVerdict.UNKNOWN:
        return "may work on this database or not, nobody knows"
    if way.verdict is WayBackVerdict.IRREVERSIBLE:
        return "does not work on this database, and no downgrade mends that"
    return "does not work on this database without a downgrade"
