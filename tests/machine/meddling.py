"""What happens to people without anybody having meant it, and what somebody does behind our back."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Refused
from staging_gate.runbook import reconcile
from staging_gate.testing.places import FakePlace
from staging_gate.testing.repository import Files
from tests.machine.changing import FILES
from tests.machine.maintaining import Maintaining
from tests.machine.stage import ANY, one_of

ENVIRONMENT = st.sampled_from(tuple(Environment))


def _no_way_out(place: FakePlace) -> None:
    place.next_smoke_fails()
    place.put_back_fails()


FAULTS: dict[str, Callable[[FakePlace], object]] = {
    "build fails": lambda place: place.next_build_fails(),
    "migration fails": lambda place: place.next_migration_fails(),
    "deployment is never healthy": lambda place: place.next_deploy_answers(500),
    "smoke test fails before the switch": lambda place: place.next_smoke_fails(where="candidate"),
    "smoke test fails in public": lambda place: place.next_smoke_fails(where="public"),
    "smoke test can not be run": lambda place: place.next_smoke_errors(),
    "smoke test breaks our machine": lambda place: place.next_smoke_breaks(RuntimeError("our own mistake")),
    "switch is refused": lambda place: place.next_call_fails("switch", Refused("The proxy said no.")),
    "answer to the switch is lost": lambda place: place.unclear_after("switch"),
    "answer to the start is lost": lambda place: place.unclear_after("start"),
    "way back fails": lambda place: place.put_back_fails(),
    "way back fails, after a bad test in public": _no_way_out,
}
BY_HAND = ("commit_on", "take_away", "put_on_the_other", "say_otherwise", "delete")
BRANCH = st.sampled_from(("main", "staging", "feature/a"))


class Meddling(Maintaining):
    # --- things go wrong -----------------------------------------------------------------------------------------

    @rule(environment=ENVIRONMENT, fault=st.sampled_from(sorted(FAULTS)))
    def something_is_going_to_fail(self, environment: Environment, fault: str) -> None:
        FAULTS[fault](self._place(environment))
        self.act(f"(the next {environment} {fault})", lambda: None)

    @rule(check=st.sampled_from(("zebra-smoke", "db-migrations")), how=st.sampled_from(("fail", "error", "build")))
    def the_next_check_is_going_to_fail(self, check: str, how: str) -> None:
        if how == "build":
            self.world.checks.next_build_fails("No module named marketedge")
        elif how == "fail":
            self.world.checks.next_fails(check, "2 of 31 failed")
        else:
            self.world.checks.next_errors(check, "it took too long")
        self.act(f"(the next checks of a tree: {check} {how})", lambda: None)

    @rule(environment=ENVIRONMENT, what=st.sampled_from(("dies", "away", "back")))
    def a_machine_is_in_trouble(self, environment: Environment, what: str) -> None:
        traffic = self.world.target.route(environment, "api").traffic
        if what != "dies":
            self.world.production.is_unreachable("the machine is away" if what == "away" else None)
        elif traffic is not None:
            traffic.running = False
        self.act(f"(what {environment} runs on: {what})", lambda: None)

    @rule(after=st.one_of(st.none(), st.integers(0, 60)))
    def we_die(self, after: int | None) -> None:
        """Somewhere in what comes next, or between two acts; then we look around, as after every start."""
        if after is not None:
            self.world.kills.after = after
            self.act(f"(we die {after} points from now)", lambda: None)
            return
        self.act("(restart)", self.world.restart)
        self.act("(we look around)", lambda: reconcile.catch_up(self.world.ports))

    @rule(hours=st.sampled_from((0.1, 1, 5, 24, 24 * 3, 24 * 7)))
    def time_goes_by(self, hours: float) -> None:
        self.act(f"({hours:g} hours later)", lambda: self.world.advance(hours=hours))

    # --- somebody acts behind our back ---------------------------------------------------------------------------

    @rule(branch=BRANCH, files=st.sampled_from(FILES[:6]), how=st.sampled_from(BY_HAND))
    def a_branch_is_moved_by_hand(self, branch: str, files: Files, how: str) -> None:
        at = self.world.code_host.branches().get(branch)
        if at is not None:
            getattr(self, f"_{how}")(branch, at, files)

    @rule(
        which=ANY, tag=st.sampled_from(("", "v1.1.0", "v1.2.0", "v9.0.0")), where=st.sampled_from(("main", "staging"))
    )
    def a_tag_is_moved_by_hand(self, which: int, tag: str, where: str) -> None:
        """Put somewhere, or one that is there is deleted."""
        tags, at = sorted(self.world.code_host.tags()), self.world.code_host.branches().get(where)
        if tag and at:
            self.world.repository.move(f"refs/tags/{tag}", at)
            self.act(f"(somebody puts the tag {tag} on {where})", lambda: None)
        elif tags:
            self.world.repository.delete(f"refs/tags/{one_of(tags, which)}")
            self.act(f"(somebody deletes the tag {one_of(tags, which)})", lambda: None)

    # --- inside --------------------------------------------------------------------------------------------------

    def _commit_on(self, branch: str, at: str, files: Files) -> None:
        commit = self.world.repository.commit(at, files, "by hand", "eve", self.world.clock.now())
        self._move(branch, commit, f"(somebody puts {' '.join(files)} on {branch} by hand)")

    def _take_away(self, branch: str, at: str, files: Files) -> None:
        parents = self.world.code_host.commits(None, at)[0].parents
        if parents:
            self._move(branch, parents[0], f"(somebody takes the last commit of {branch} away)")

    def _put_on_the_other(self, branch: str, at: str, files: Files) -> None:
        """What fast-forwarding gives."""
        other = "main" if branch == "staging" else "staging"
        if other in self.world.code_host.branches():
            self._move(branch, self.world.revision(other).commit, f"(somebody puts {branch} where {other} is)")

    def _delete(self, branch: str, at: str, files: Files) -> None:
        if branch == "main":
            return  # git's own HEAD
        self.world.repository.delete(f"refs/heads/{branch}")
        self.witness.moved_by_hand(branch)
        self.act(f"(somebody deletes {branch})", lambda: None)

    def _say_otherwise(self, branch: str, at: str, files: Files) -> None:
        """The same files by another history."""
        main = self.world.code_host.branches()["main"]
        same = self.world.repository.commit(main, self._files_of(branch), "the same", "ada", self.world.clock.now())
        if branch not in ("main", "staging") and self.world.revision(same).tree == self.world.revision(at).tree:
            self._move(branch, same, f"(the files of {branch} come on top of main)")

    def _files_of(self, branch: str) -> dict[str, str | None]:
        """What it changes of main."""
        host, head = self.world.code_host, self.world.revision(branch).commit
        texts = {path: host.file(head, path) for path in host.changed_files("main", head)}
        return {path: None if text is None else text.decode() for path, text in texts.items()}

    def _move(self, branch: str, commit: str, said: str) -> None:
        self.world.repository.move(f"refs/heads/{branch}", commit)
        self.witness.moved_by_hand(branch)
        self.act(said, lambda: None)

    def _place(self, environment: Environment) -> FakePlace:
        return self.world.staging if environment is Environment.STAGING else self.world.production
