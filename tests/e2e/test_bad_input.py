"""What people type and push that can not be: each is told what was wrong and what to do, and nothing changes."""

import subprocess

import pytest

from tests.e2e.installation import Installation
from tests.e2e.stories import DEPLOYMENT, RELEASE, Story, tell

DONE, FAILED, USAGE, CLOSED = 0, 1, 2, 3

STRANGE_NAMES = [
    *("", "a b", 'it\'s a "name"', "$(reboot)", "..", "../../changes", "-rf", "--force", "refs/heads/main", "HEAD"),
    *("main~1", ":/feat", "main:gate.yaml", "new\nline", "ünï 🚀", "v1.0.0?x=1", "%2e%2e", "#", "\x1b[31m"),
]
VERBS = [
    ("change", "open"),
    ("change", "open", "--to"),
    ("release", "show"),
    ("release", "publish"),
    ("release", "withdraw"),
    ("release", "open", "--tag"),
    ("deployment", "show"),
    ("deployment", "cancel"),
    ("rollback", "--reason", "it is slow"),
    ("hold", "lift", "--reason", "it is mended"),
    ("token", "revoke"),
    ("approve",),
    ("explain",),
]


@pytest.mark.parametrize(
    ("code", "command", "said"),
    [
        (USAGE, "change show 999", "There is no change 999. `gate change list` shows the open ones."),
        (USAGE, "change merge 999", "There is no change 999. `gate change list` shows the open ones."),
        (USAGE, "change open nowhere", "There is no branch 'nowhere'. Branches: main, staging."),
        (USAGE, f"change open {'f' * 40}", f"There is no branch '{'f' * 40}'. Branches: main, staging."),
        (CLOSED, "change open staging --to nowhere", "No environment follows the branch nowhere."),
        (CLOSED, "change open staging --to staging", "A change can not go from staging to itself."),
        (USAGE, "change open staging --to main", "From staging to main goes a release, with a version and notes"),
        (USAGE, "release show v9.9.9", "There is no release 'v9.9.9'. `gate release list` shows them;"),
        (USAGE, "release show ..", "'..' is not the name of anything here."),
        (USAGE, "release publish v9.9.9", "There is no release 'v9.9.9'. `gate release list` shows them;"),
        (CLOSED, "release open --tag v1.0.0", "The tag v1.0.0 exists already and points at another commit."),
        (CLOSED, "release open --tag banana", "'banana' is no release tag: it must be `v` and a semantic version"),
        (CLOSED, "release open --tag v0.9.0", "v0.9.0 is not greater than v1.0.0, the last release."),
        (USAGE, "release withdraw v1.0.0", "v1.0.0 is verified: it can not be withdrawn."),
        (USAGE, "deployment show production-99", "There is no deployment production-99. `gate status` shows"),
        (USAGE, "deployment cancel production-99", "There is no deployment production-99."),
        (FAILED, "deployment cancel production-1", "production-1 is succeeded: it can not be cancelled any more."),
        (CLOSED, "rollback v9.9.9 --reason slow", "There is nothing to go back to: v9.9.9 was never verified"),
        (CLOSED, "rollback v1.0.0 --reason slow", "v1.0.0 is what production runs now."),
        (CLOSED, "rollback --reason slow", "There is nothing to go back to: no other verified release is free of"),
        (USAGE, "hold lift hold-9 --reason gone", "There is no hold hold-9 in force. In force: none."),
        (USAGE, "release lift v1.0.0 --reason good", "v1.0.0 is not in quarantine."),
        (USAGE, "explain 999", "There is no change 999."),
        (USAGE, "token create nobody", "'nobody' is not among the people of gate.yaml (ada, ben, tess, dana)."),
        (USAGE, "token create ada --role emperor", "There is no role 'emperor'. Roles: admin, "),
        (USAGE, "redeploy nowhere", "'nowhere' is not one of 'staging', 'production'"),
        (USAGE, "change merge twelve", "'twelve' is not a valid integer"),
    ],
)
def test_what_is_not_there_or_not_possible(running: Story, code: int, command: str, said: str) -> None:
    before = running.picture()

    answer = running.at.cli(*command.split())

    assert said in answer.output
    assert answer.exit_code == code
    assert running.picture() == before


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_name_is_taken_for_something_else(running: Story, verb: tuple[str, ...]) -> None:
    before = running.picture()

    for name in STRANGE_NAMES:
        named = (*verb, name) if verb[-1].startswith("--") else (*verb, "--", name)
        answer = running.at.cli(*(("change", "open", "staging", "--to", name) if "--to" in verb else named))
        assert answer.exit_code in (USAGE, CLOSED), (name, answer.output, answer.exception)
        assert answer.output.strip(), name

    assert running.picture() == before


@pytest.mark.parametrize(
    ("refs", "said"),
    [
        (("HEAD:main",), "main"),
        (("HEAD:staging",), "staging"),
        ((":staging",), "staging"),
        (("v1.0.0:refs/tags/v1.0.1",), "v1.0.1"),
        ((":refs/tags/v1.0.0",), "v1.0.0"),
        (("+HEAD:refs/tags/v1.0.0",), "v1.0.0"),
        (("HEAD:refs/tags/v9.9.9-rollback",), "v9.9.9-rollback"),
        (("HEAD:refs/gate/trial/x",), "refs/gate/trial/x: only branches and tags can be pushed here"),
        (("HEAD:refs/heads/feature/\x7f",), "feature/"),
    ],
)
def test_pushes_that_would_go_past_the_gate(running: Story, refs: tuple[str, ...], said: str) -> None:
    running.at.start_branch("past-the-gate")
    running.at.git("fetch", "--quiet", running.at.clone_address("ada"), "tag", "v1.0.0")
    running.at.commit("feat: past the gate")
    before = running.picture()

    told = running.at.push(*refs, by="ada", fails=True)

    assert said in told
    assert running.picture() == before


def test_a_push_with_a_wrong_token(running: Story) -> None:
    before = running.picture()
    address = running.at.clone_address("ada").replace(running.at.tokens["ada"], "sgt_wrong")

    told = running.at.git("push", address, "HEAD:feature/wrong", fails=True)

    assert "Authentication failed" in told
    assert running.picture() == before


@pytest.mark.parametrize("branch", ['feature/it\'s-a-"ünï"-🚀', "feature/$(reboot)&;|", "feature/-rf", "-rf", "a;b"])
def test_strange_names_that_git_allows_go_all_the_way(running: Story, branch: str) -> None:
    files = {"-rf": "1", 'it\'s a "name"': "2", "ünï 🚀": "3", "new\nline": "4", "$(reboot)": "5", " ": "6", "\\": "7"}

    running.write_a_change(branch=branch, **{name: f"{text} {running.number}" for name, text in files.items()})
    tell(running, DEPLOYMENT)

    last = running.record.deployments()[-1]
    assert str(last.state) == "succeeded"
    assert running.revision_at("staging api") == last.revision.commit
    assert branch not in running.record.code.branches()
    shown = running.at.cli("change", "diff", str(running.last_merged()))
    assert shown.exit_code == DONE
    assert "+3 " in shown.output


def test_a_conflict_names_its_files(running: Story) -> None:
    running.write_a_change(**{'it\'s a "name"': "mine"})
    mine = running.branch
    running.write_a_change(**{'it\'s a "name"': "theirs"})
    tell(running, DEPLOYMENT)
    before = running.picture()

    opened = running.at.cli("change", "open", mine, by="ada")
    number = str(running.open_one())
    refused = running.at.cli("change", "merge", number, by="ben")

    assert opened.exit_code == DONE
    assert refused.exit_code == CLOSED
    assert f"{mine} does not merge into staging: " in refused.output
    assert 'it\'s a "name"' in refused.output
    assert {**running.picture(), "record": 0} == {**before, "record": 0}
    assert running.at.cli("change", "close", number).exit_code == DONE


def test_a_broken_policy_is_not_merged(running: Story) -> None:
    good = (running.at.tree / "gate.yaml").read_text()
    broken = good.replace("approvals: {tech_lead: 1}", "aprovals: {tech_lead: one}")
    running.write_a_change(**{"gate.yaml": broken})
    running.open_change()
    running.settle()
    number = str(running.open_one())
    before = running.picture()

    for person, role in (("ben", "review"), ("tess", "tech_lead")):
        running.at.as_(person).post(f"/changes/{number}/approve", role=role)
    refused = running.at.cli("change", "merge", number, by="ben")

    assert refused.exit_code == CLOSED
    line = broken.splitlines().index("    aprovals: {tech_lead: one}") + 1
    assert f'gate.yaml:{line}:5: flow.production.aprovals: unknown key, did you mean "approvals"?' in refused.output
    assert {**running.picture(), "record": 0} == {**before, "record": 0}
    (running.at.tree / "gate.yaml").write_text(good)
    running.at.commit("fix: the policy")
    running.at.push(f"HEAD:{running.branch}")
    running.settle()
    running.merge()
    running.settle()
    assert str(running.record.deployments()[-1].state) == "succeeded"


def test_a_tag_made_behind_our_back(releasing: Story) -> None:
    releasing.write_a_change()
    tell(releasing, {name: RELEASE[name] for name in (*DEPLOYMENT, "open a release", "merge the release")})
    behind_our_back(releasing.at, "update-ref", f"refs/tags/{releasing.tag}", "v1.0.0^{commit}")
    before = releasing.picture()

    refused = releasing.at.cli("release", "publish", releasing.tag, by="dana")

    assert refused.exit_code == CLOSED
    assert f"The tag {releasing.tag} exists already and points at another commit. [tag_exists]" in refused.output
    assert releasing.picture() == before
    behind_our_back(releasing.at, "update-ref", "-d", f"refs/tags/{releasing.tag}")
    assert releasing.at.cli("release", "publish", releasing.tag, "--wait", by="dana").exit_code == DONE


def test_a_release_that_is_not_on_main(releasing: Story) -> None:
    releasing.write_a_change()
    tell(releasing, {name: RELEASE[name] for name in (*DEPLOYMENT, "open a release", "merge the release")})
    main = releasing.record.code.branches()["main"]
    behind_our_back(releasing.at, "update-ref", "refs/heads/main", "main~1")
    before = releasing.picture()

    refused = releasing.at.cli("release", "publish", releasing.tag, by="dana")

    assert refused.exit_code == CLOSED
    assert "is not on main" in refused.output
    assert releasing.picture() == before
    behind_our_back(releasing.at, "update-ref", "refs/heads/main", main)
    assert releasing.at.cli("release", "publish", releasing.tag, "--wait", by="dana").exit_code == DONE


@pytest.mark.parametrize(
    ("code", "command", "said"),
    [
        (DONE, "status", "no policy on main yet: `gate init` writes one"),
        (FAILED, "doctor", "main has no gate.yaml that can be read"),
        (CLOSED, "change open main", "main has no gate.yaml yet, so there are no rules to judge by."),
        (USAGE, "release plan", "main has no gate.yaml yet."),
        (USAGE, "release open", "main has no gate.yaml yet."),
        (USAGE, "redeploy staging", "main has no gate.yaml yet."),
        (USAGE, "policy show", "main has no gate.yaml yet."),
        (CLOSED, "rollback --reason slow", "main has no gate.yaml"),
    ],
)
def test_a_repository_without_commits(nothing_yet: Installation, code: int, command: str, said: str) -> None:
    answer = nothing_yet.cli(*command.split())

    assert said in answer.output
    assert answer.exit_code == code


def test_a_broken_policy_that_came_first_can_be_mended(empty: Installation) -> None:
    empty.write_product()
    story = Story(empty)
    good = (empty.tree / "gate.yaml").read_text()
    (empty.tree / "gate.yaml").write_text(good.replace("product: tiny", "produkt: tiny"))
    empty.commit("feat: a mistake")
    empty.push("main", "main:staging", by="admin")

    broken = empty.cli("redeploy", "staging")
    assert broken.exit_code == USAGE
    assert 'gate.yaml:1:1: produkt: unknown key, did you mean "product"?' in broken.output
    refused = empty.push("HEAD:main", by="admin", fails=True) if commit(empty, good) else ""
    assert "main" in refused

    empty.push("HEAD:feature/mended")
    assert empty.cli("change", "open", "feature/mended", "--to", "main").exit_code == DONE
    merged = empty.cli("change", "merge", str(story.open_one()))
    assert merged.exit_code == DONE, merged.output
    assert empty.cli("policy", "show").exit_code == DONE


def commit(at: Installation, policy: str) -> bool:
    (at.tree / "gate.yaml").write_text(policy)
    at.commit("fix: the policy")
    return True


def behind_our_back(at: Installation, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(at.state / "repository.git"), *arguments], check=True)
