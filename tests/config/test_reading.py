"""What a policy becomes."""

from datetime import timedelta
from pathlib import Path

import pytest

from staging_gate.config import YamlPolicyReader, example_text
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import MergeMethod, Policy, Provable, Requirement
from staging_gate.domain.service import Health, Schema, Target
from tests.config.policies import SMALL, edited

SAMPLE = Path(__file__).parents[2] / "examples" / "marketedge" / "gate.yaml"


def read(text: str) -> Policy:
    return YamlPolicyReader().read(text.encode(), "gate.yaml")


def test_the_annotated_example_is_a_policy() -> None:
    policy = read(example_text())
    api = policy.services[0]

    assert policy.product == "marketedge"
    assert (policy.time_zone, policy.repository) == ("UTC", "git")
    assert api.build == ("uv", "pip", "sync", "--require-hashes", "requirements.lock")
    assert api.schema == Schema(
        "alembic",
        "alembic.ini",
        "DATABASE_URL",
        ("python", "-m", "marketedge.seed"),
        dump="/var/backups/marketedge-masked.dump",
    )
    stock = policy.services[1].schema
    assert stock and stock.commands and (stock.tool, stock.config, stock.files) == (
        "commands", "gate.yaml", "stock/migrations"
    )  # fmt: skip
    assert stock.commands.downgrade == ("python", "-m", "stock.migrate", "down-to", "$REVISION")
    assert stock.template == "stock_masked"
    assert api.health.expect == {"status": "healthy", "environment": "$ENVIRONMENT"}
    assert api.target(Environment.STAGING).environ["DATABASE_URL"] == "env:MARKETEDGE_STAGING_DATABASE_URL"
    assert policy.checks["db-migrations"].proves is Provable.MIGRATIONS
    assert policy.staging.merge == (MergeMethod.SQUASH, MergeMethod.MERGE)
    assert policy.production.requires == tuple(Requirement)
    assert policy.production.approvals == {"tech_lead": 1, "stakeholder": 1}
    assert policy.roles_of("tess") == {"tech_lead"}


def test_the_sample_product_has_a_policy() -> None:
    policy = read(SAMPLE.read_text())

    assert policy.product == "marketedge"
    assert [service.name for service in policy.services_in(Environment.PRODUCTION)] == [
        service.name for service in policy.services
    ]


def test_what_is_left_out_has_a_safe_value() -> None:
    policy = read(SMALL)
    api = policy.services[0]

    assert (policy.time_zone, policy.repository) == ("UTC", "git")
    assert (api.build, api.schema) == ((), None)
    assert api.health == Health("/health", {"status": "healthy", "environment": "$ENVIRONMENT"}, timedelta(seconds=60))
    assert (api.build_within, api.smoke_within) == (timedelta(minutes=15), timedelta(minutes=5))
    assert api.stop_within == timedelta(seconds=10)
    assert api.target(Environment.PRODUCTION) == Target("local", 8000)
    assert policy.production.merge == (MergeMethod.MERGE,)
    assert (policy.production.tags, policy.production.watch) == ("v*", timedelta(hours=24))
    assert policy.production.checks == ()


@pytest.mark.parametrize("source", ["staging", "develop"])
def test_releases_come_from_the_branch_of_staging_however_it_is_named(source: str) -> None:
    text = edited(("{branch: staging", "{branch: develop"), ("from: staging", f"from: {source}"))

    assert read(text).production.source == "develop"


def test_services_keep_the_order_in_which_they_are_deployed() -> None:
    web = "  web:\n    run: serve\n    targets: {staging: {local: {port: 8003}}, production: {local: {port: 8002}}}\n"

    assert [s.name for s in read(edited(("checks:\n", web + "checks:\n"))).services] == ["api", "web"]
    assert [s.name for s in read(edited(("  api:\n", web + "  api:\n"))).services] == ["web", "api"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("serve --port $PORT", ("serve", "--port", "$PORT")),
        ("'serve --name \"Market Edge\"'", ("serve", "--name", "Market Edge")),
        ("serve # not a comment of ours", ("serve",)),
        ('"serve # a word"', ("serve", "#", "a", "word")),
        (">\n      serve\n      --port 80", ("serve", "--port", "80")),
        ("[sh, -c, 'migrate && serve']", ("sh", "-c", "migrate && serve")),
        ("[serve, '|', 010, true, 16:00]", ("serve", "|", "010", "true", "16:00")),
        ("grep a|b", ("grep", "a|b")),
    ],
)
def test_a_command_is_a_line_or_a_list_of_words(written: str, words: tuple[str, ...]) -> None:
    assert read(edited(("serve --port $PORT", written))).services[0].run == words


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: str, length: timedelta) -> None:
    assert read(edited(("within: 5m", f"within: {written}"))).checks["unit"].within == length


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("16:00", "16:00"),
        ("010", "010"),
        ("1.10", "1.10"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("2026-01-01", "2026-01-01"),
        ("true", "true"),
        ('""', ""),
        ("'null'", "null"),
        ("a=b&c", "a=b&c"),
        ("|\n        two\n        lines", "two\nlines\n"),
    ],
)
def test_a_variable_is_the_text_that_stands_there(written: str, text: str) -> None:
    assert read(edited(("MODE: fast", f"MODE: {written}"))).services[0].environ == {"MODE": text}


def test_names_that_yaml_1_1_reads_as_truth_values_are_names() -> None:
    text = edited(("{branch: staging", "{branch: on"), ("product: shop", "product: no"))
    policy = read(text)

    assert (policy.product, policy.staging.branch) == ("no", "on")


def test_a_number_with_a_leading_zero_is_decimal() -> None:
    assert read(edited(("port: 8001", "port: 08001"))).services[0].target(Environment.STAGING).port == 8001


def test_a_health_answer_may_hold_numbers_and_truth_values() -> None:
    text = edited(("    environ:", "    health: {expect: {ready: true, level: 3}}\n    environ:"))

    assert read(text).services[0].health.expect == {"ready": "true", "level": "3"}


def test_anchors_and_aliases_work() -> None:
    text = edited(
        ("    environ:\n      MODE: fast\n", "    environ: &common\n      MODE: fast\n"),
        ("{command: pytest -q, within: 5m}", "{command: pytest -q, environ: *common}"),
    )

    assert read(text).checks["unit"].environ == {"MODE": "fast"}


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    windows = "\ufeff" + SMALL.replace("\n", "\r\n")

    assert read(windows) == read(SMALL)


SAME = {
    "comments": ("product: shop", "# Our shop.\nproduct: shop  # for now"),
    "quotes": ("branch: main", 'branch: "main"'),
    "another order of keys": ("    branch: main\n    from: staging\n", "    from: staging\n    branch: main\n"),
    "a list of the same words": ("serve --port $PORT", "[serve, --port, $PORT]"),
    "the same length in another unit": ("within: 5m", "within: 300s"),
    "a default that is written out": ("product: shop", "product: shop\ntime_zone: UTC"),
    "a part of defaults that is written out": ("    environ:", "    health: {path: /health, within: 1m}\n    environ:"),
}
OTHER = {
    "an approval more": ("{tech_lead: 1}", "{tech_lead: 1, review: 1}"),
    "a check less": ("  unit: {command: pytest -q, within: 5m}", "  unit: {command: 'true', within: 5m}"),
    "a longer limit": ("within: 5m", "within: 6m"),
    "somebody else in a role": ("tech_lead: [tess]", "tech_lead: [ada]"),
    "another variable": ("MODE: fast", "MODE: slow"),
}


@pytest.mark.parametrize("edit", SAME.values(), ids=SAME)
def test_approvals_outlive_an_edit_that_changes_no_rule(edit: tuple[str, str]) -> None:
    assert read(edited(edit)).hash == read(SMALL).hash


@pytest.mark.parametrize("edit", OTHER.values(), ids=OTHER)
def test_approvals_do_not_outlive_a_change_of_the_rules(edit: tuple[str, str]) -> None:
    assert read(edited(edit)).hash != read(SMALL).hash


def test_the_order_of_the_services_is_a_rule() -> None:
    target = "targets: {staging: {local: {port: 8003}}, production: {local: {port: 8002}}}"
    web = f"  web: {{run: serve, {target}}}\n"
    before, after = edited(("  api:\n", web + "  api:\n")), edited(("checks:\n", web + "checks:\n"))

    assert read(before).hash != read(after).hash
