"""Secrets are references; what stands in their place by mistake is never shown."""

import pytest

from staging_gate.config import YamlPolicyReader
from staging_gate.ports.policy import PolicyProblems
from tests.config.policies import edited

WANTED = "this looks like a secret: write a reference (env:NAME or file:/full/path), not the value"
SECRET = "hunter2"


def problems_with(environ: str) -> list[str]:
    """What is said about the one line of a service's environ."""
    text = edited(("MODE: fast", environ))
    with pytest.raises(PolicyProblems) as caught:
        YamlPolicyReader().read(text.encode(), "gate.yaml")
    return [problem.removeprefix("gate.yaml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWORD", "CLIENT_SECRET", "GITHUB_TOKEN", "API_KEY", "SECRET_KEY_BASE", "session_key", "APIKEY"],
)
def test_a_name_that_looks_like_a_secret_wants_a_reference(name: str) -> None:
    assert problems_with(f"{name}: {SECRET}") == [
        f"7:{len(name) + 9}: services.api.environ.{name}: {WANTED}",
    ]


@pytest.mark.parametrize(
    "value", [f"postgresql://shop:{SECRET}@db.example/shop", f"redis://:{SECRET}@cache", f"'https://a:{SECRET}@x/y'"]
)
def test_an_address_with_a_password_wants_a_reference(value: str) -> None:
    assert problems_with(f"DATABASE_URL: {value}") == [f"7:21: services.api.environ.DATABASE_URL: {WANTED}"]


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD: env:SHOP_PASSWORD",
        "PASSWORD: file:/etc/shop/password",
        "TOKEN_URL: https://shop.example/token",
        "SECRET_FILE: /etc/shop/secret",
        "API_KEY_ID: abc",
        "KEYBOARD: qwerty",
        "TOKENIZER: fast",
        "DATABASE_URL: postgresql://shop@db.example/shop",
        "SITE: https://shop.example:8443/a@b",
    ],
)
def test_references_and_harmless_names_pass(line: str) -> None:
    YamlPolicyReader().read(edited(("MODE: fast", line)).encode(), "gate.yaml")


def test_secrets_are_looked_for_wherever_variables_are_set() -> None:
    text = edited(
        ("{port: 8000}", "{port: 8000, environ: {API_KEY: a}}"),
        ("within: 5m", "environ: {API_KEY: b}"),
    )
    with pytest.raises(PolicyProblems) as caught:
        YamlPolicyReader().read(text.encode(), "gate.yaml")

    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        "services.api.targets.production.local.environ.API_KEY",
        "checks.unit.environ.API_KEY",
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("'env:'", "env: without the name of a variable"),
        ("env:A-B", "env: without the name of a variable"),
        ("'file:'", "file: without a full path"),
        ("file:secret.txt", "file: without a full path"),
        ('"a\\0b"', "a text with a NUL character"),
        ("[a]", "a list"),
        ("{a: b}", "a mapping"),
    ],
)
def test_a_reference_names_something(value: str, found: str) -> None:
    wanted = "wanted text, or a reference to a secret: env:NAME or file:/full/path"
    assert problems_with(f"MODE: {value}") == [f"7:13: services.api.environ.MODE: {wanted}, found {found}"]


def test_a_variable_without_a_value_is_asked_about() -> None:
    wanted = "wanted text, or a reference to a secret: env:NAME or file:/full/path"
    hint = 'for an empty text write ""'
    assert problems_with("MODE:") == [f"7:12: services.api.environ.MODE: {wanted}, found nothing; {hint}"]


@pytest.mark.parametrize(
    "line",
    [
        f"PASSWORD: {SECRET}",
        f"PASSWORD: [{SECRET}]",
        f"PASSWORD: {{value: {SECRET}}}",
        f"PASSWORD: !{SECRET} x",
        f"PASSWORD: *{SECRET}",
        f"PASSWORD: &{SECRET}",
        f"PASSWORD: '{SECRET}",
        f'PASSWORD: "{SECRET}\\q"',
        f"PASSWORD: @{SECRET}",
        f"PASSWORD: {SECRET}: {SECRET}",
        f"PASSWORD: a\n      PASSWORD: {SECRET}",
        f"PASSWORD: env:{SECRET}!",
        f"PASSWORD: file:{SECRET}",
        f"PASSWORD: {SECRET}\x07",
        f"- PASSWORD={SECRET}",
        f"PASSWORD={SECRET}",
    ],
)
def test_no_message_shows_the_value_of_a_variable(line: str) -> None:
    assert SECRET not in "\n".join(problems_with(line))
