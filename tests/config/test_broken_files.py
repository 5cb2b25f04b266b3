"""Every way we know to break a gate.yaml, and what a person is told: one row each."""

import pytest

from staging_gate.config import YamlPolicyReader
from staging_gate.ports.policy import PolicyProblems
from tests.config.policies import SMALL, edited

TOOL = "commands: {current: a, upgrade: b, downgrade: c $REVISION}"
NO_SHELL = "no shell runs it: put it into a script, or write a list of words if that is meant as it stands"


def problems_of(text: str | bytes) -> list[str]:
    source = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(PolicyProblems) as caught:
        YamlPolicyReader().read(source, "gate.yaml")
    return [problem.removeprefix("gate.yaml:") for problem in caught.value.problems]


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = edited(
        ("product: shop\n", "product: My Shop\ntime_zone: Europe/Londn\n"),
        ("      production:", "      prodution:"),
        ("within: 5m", "within: 5"),
        ("checks: [unit]", "checks: [unit, lint]"),
        ("tech_lead: [tess]", "tech_lead: [tes]"),
    )
    with pytest.raises(PolicyProblems) as caught:
        YamlPolicyReader().read(text.encode(), "gate.yaml")
    assert str(caught.value) == "\n".join(
        [
            "gate.yaml:1:10: product: wanted a name of small letters, digits and dashes, such as `api`, "
            'found the text "My Shop"; did you mean "my-shop"?',
            "gate.yaml:2:12: time_zone: wanted an IANA time zone such as `Europe/London`, "
            'found the text "Europe/Londn"; did you mean "Europe/London"?',
            'gate.yaml:12:7: services.api.targets.prodution: unknown key, did you mean "production"?',
            "gate.yaml:15:38: checks.unit.within: wanted a duration such as 90s, 5m, 24h or 7d, "
            "found the number 5; say the unit, as in 5s",
            "gate.yaml:17:45: flow.staging.checks[1]: wanted a check that `checks` has a command for; "
            'found "lint", known: unit',
            'gate.yaml:28:15: roles.tech_lead[0]: wanted somebody from `people`; found "tes", did you mean "tess"?',
        ]
    )


NOT_READABLE = {
    "an empty file": ("", "1:1: the file is empty; `gate init` writes an annotated example"),
    "only comments": ("# soon\n", "1:1: the file is empty; `gate init` writes an annotated example"),
    "an empty mapping": ("{}\n", "1:1: the file is empty; `gate init` writes an annotated example"),
    "a list": ("- product: shop\n", "1:1: wanted a mapping that begins with a key such as `product:`, found a list"),
    "a text": ("\n shop\n", "2:2: wanted a mapping that begins with a key such as `product:`, found text"),
    "a number": ("42\n", "1:1: wanted a mapping that begins with a key such as `product:`, found a number"),
    "not UTF-8": (
        "product: café\n".encode("latin-1"),
        "1:13: wanted UTF-8, found the byte 0xe9; save the file as UTF-8",
    ),
    "UTF-16": ("product: shop\n".encode("utf-16"), "1:1: wanted UTF-8, found the byte 0xff; save the file as UTF-8"),
    "an invisible character": (
        "product: shop\nx: \u200ba\u2028b\n",
        "2:6: found the invisible character U+2028; remove it",
    ),
    "a NUL": ("product: sh\0op\n", "1:12: found the invisible character U+0000; remove it"),
    "a tab": ("services:\n\tapi: x\n", "2:1: wanted spaces, found a tab in the indentation"),
    "a tab below spaces": ("services:\n  \tapi:\n    run: x\n", "2:3: wanted spaces, found a tab in the indentation"),
    "a bracket that stays open": (
        edited(("{tech_lead: 1}", "{tech_lead: 1")),
        "22:10: wanted , or }, to close what line 21 opens",
    ),
    "a list that stays open": (
        "flow:\n  staging: {checks: [unit, lint}\n",
        "2:32: wanted , or ], to close what line 2 opens",
    ),
    "a quote that stays open": (edited(("run: serve", 'run: "serve')), "4:10: a quote is opened here and never closed"),
    "two colons": (
        edited(("MODE: fast", "MODE: fast: very")),
        "7:17: a second colon, with a space or nothing after it; put the value in quotes",
    ),
    "too much indentation": (
        "product: shop\n time_zone: UTC\n",
        "2:11: the indentation does not fit the lines above",
    ),
    "too little indentation": (
        edited(("  staging: {branch", " staging: {branch")),
        "17:3: " + "the indentation does not fit the lines above",
    ),
    "text that begins with @": (
        edited(("ada: ada@shop", "ada: @shop")),
        "24:8: unquoted text can not begin with @; put it in quotes",
    ),
    "an unknown escape": (
        edited(("fast", r'"C:\shop"')),
        "7:16: unknown escape; in single quotes a backslash is only a backslash",
    ),
    "two documents": (SMALL + "---\nproduct: other\n", "28:1: wanted one document, found a second one after ---"),
    "a mapping as a key": (
        "{a: b}: c\n",
        "1:1: wanted plain text as a key; put a text that begins with *, [ or { in quotes",
    ),
    "too deep": ("product: " + "[" * 30 + "]" * 30, "1:29: wanted at most 20 levels, found more"),
    "too big": ("#" * (257 * 1024), "1:1: wanted at most 256 KB, found 257 KB"),
    "aliases that multiply": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in ("ab", "bc", "cd", "de")),
        "1:35: wanted at most 10000 keys and values, 256 KB of text with all aliases written out, found more",
    ),
}


@pytest.mark.parametrize(("text", "problem"), NOT_READABLE.values(), ids=NOT_READABLE)
def test_a_file_that_is_not_readable(text: str | bytes, problem: str) -> None:
    assert problems_of(text) == [problem]


YAML_TRAPS = {
    "a key twice": (
        ("    run: serve --port $PORT\n", "    run: serve --port $PORT\n    run: other\n"),
        "5:5: services.api.run: the key is there twice, first on line 4",
    ),
    "a service twice": (
        ("checks:\n", "  api: {}\nchecks:\n"),
        "13:3: services.api: the key is there twice, first on line 3",
    ),
    "a tag": (
        ("MODE: fast", "MODE: !!str 5"),
        "7:13: services.api.environ.MODE: tags (`!...`) are not read; put the value in quotes to make it text",
    ),
    "a merge key": (
        ("      MODE: fast", "      <<: {MODE: fast}"),
        '7:7: services.api.environ."<<": merge keys are not read; write the keys out',
    ),
    "an alias of nothing": (
        ("from: staging", "from: *staging"),
        "19:11: flow.production.from: wanted an anchor (`&name`) above this alias, found none; "
        "put a text that begins with * in quotes",
    ),
    "a time that YAML 1.1 reads as a number": (
        ("within: 5m", "within: 16:00"),
        '14:38: checks.unit.within: wanted a duration such as 90s, 5m, 24h or 7d, found the text "16:00"',
    ),
    "a number that YAML 1.1 reads as octal": (
        ("port: 8001", "port: 010"),
        "10:23: services.api.targets.staging.local.port: wanted a port: 1024 to 65535, 80 or 443, found the number 010",
    ),
    "a branch that is a number": (
        ("branch: main", "branch: 1.0"),
        "18:13: flow.production.branch: wanted the name of a branch such as `main`, found the number 1.0; "
        'put it in quotes: "1.0"',
    ),
    "a truth value": (
        ("from: staging", "from: true"),
        "19:11: flow.production.from: wanted the name of a branch such as `main`, found the truth value true; "
        'put it in quotes: "true"',
    ),
    "a key without a value": (
        ("    smoke: {command: smoke $URL}", "    smoke:"),
        "5:11: services.api.smoke: wanted a mapping with command, within; found nothing",
    ),
}

SHAPES = {
    "a key of a later version": (
        ("product: shop", "product: shop\non_call: {}"),
        "2:1: on_call: not supported by this version",
    ),
    "a project at Vercel that is not in a mapping": (
        ("local: {port: 8000}", "vercel: prj_1"),
        "12:17: services.api.targets.production.vercel: wanted a mapping with project, team, environment, domain, "
        "bypass, environ; found text",
    ),
    "a project at Vercel that is none": (
        ("local: {port: 8000}", "vercel: {project: api}"),
        "12:27: services.api.targets.production.vercel.project: wanted the id of a project at Vercel such as "
        '`prj_XLKmu1DyR1eY7zq8UgeRKbA7yVLA`, found the text "api"',
    ),
    "a secret at Vercel that stands in the file": (
        ("local: {port: 8000}", "vercel: {project: prj_XLKmu1DyR1eY, bypass: s3cr3t}"),
        "12:53: services.api.targets.production.vercel.bypass: wanted a reference to a secret: env:NAME or "
        "file:/full/path, found something else; put it into a variable or a file of the server, and name that here",
    ),
    "a service at Render that is none": (
        ("local: {port: 8000}", "render: {service: api}"),
        "12:27: services.api.targets.production.render.service: wanted the id of a service at Render such as "
        '`srv-cu2k4j3qf0us73fbv7u0`, found the text "api"',
    ),
    "a repository at GitHub without its owner": (
        ("product: shop", "product: shop\nrepository: {git: github:shop}"),
        "2:19: repository.git: wanted `local`, or a repository at GitHub such as `github:zebra/marketedge`, found the "
        'text "github:shop"',
    ),
    "a code host in other words": (
        ("product: shop", "product: shop\nrepository: {github: shop/shop}"),
        "2:14: repository.github: not supported by this version; write `git`",
    ),
    "a misspelt requirement": (
        ("requires: [verified_in_staging]", "requires: [way_back_prooved]"),
        "20:16: flow.production.requires[0]: wanted one of verified_in_staging, tested_by_a_person, no_critical_bugs, "
        'migrations_proved, way_back_proved, found the text "way_back_prooved"; did you mean "way_back_proved"?',
    ),
    "an agreement to downgrades that nobody knows": (
        ("requires: [verified_in_staging]", "requires: [verified_in_staging]\n    rollback: {downgrade: sometimes}"),
        "21:27: flow.production.rollback.downgrade: wanted one of never, without_loss, always, "
        'found the text "sometimes"',
    ),
    "a misspelt key": (
        ("    run:", "    runs:"),
        '4:5: services.api.runs: unknown key, did you mean "run"?',
    ),
    "another tool's word": (
        ("within: 5m", "timeout: 5m"),
        '14:30: checks.unit.timeout: unknown key, did you mean "within"?',
    ),
    "a key that nobody knows": (
        ("branch: main", "branch: main\n    colour: red"),
        "19:5: flow.production.colour: unknown key, "
        "known here: branch, tags, from, checks, merge, requires, approvals, "
        "approvals_expire, smoke, watch, large_release, backup, rollback",
    ),
    "a missing key": (
        ("    run: serve --port $PORT\n", ""),
        "3:3: services.api.run: missing: The command that starts the service",
    ),
    "a missing section": (
        ("product: shop\n", ""),
        "1:1: product: missing: The product's name: small letters, digits and dashes",
    ),
    "no production": (
        ("      production:\n        local: {port: 8000}\n", ""),
        "8:5: services.api.targets.production: missing: The target in production",
    ),
    "text for a mapping": (
        ("{command: smoke $URL}", "smoke $URL"),
        "5:12: services.api.smoke: wanted a mapping with command, within; found text",
    ),
    "a list for a mapping": (
        ("{tech_lead: 1}", "[tech_lead]"),
        "21:16: flow.production.approvals: wanted a mapping; found a list",
    ),
    "text for a list": (
        ("smoke: [login]", "smoke: login"),
        "22:12: flow.production.smoke: wanted a list such as [a, b], found text",
    ),
}

VALUES = {
    "a service's name": (
        ("  api:", "  API Server:"),
        '3:3: services."API Server": wanted a name of small letters, digits and dashes, such as `api`, '
        'found the text "API Server"; did you mean "api-server"?',
    ),
    "a port below 1024": (
        ("port: 8001", "port: 81"),
        "10:23: services.api.targets.staging.local.port: wanted a port: 1024 to 65535, 80 or 443, found the number 81",
    ),
    "a port above 65535": (
        ("port: 8001", "port: 65536"),
        "10:23: services.api.targets.staging.local.port: wanted a port: 1024 to 65535, 80 or 443, "
        "found the number 65536",
    ),
    "a port in quotes": (
        ("port: 8001", 'port: "8001"'),
        "10:23: services.api.targets.staging.local.port: wanted a port: 1024 to 65535, 80 or 443, "
        'found the text "8001"; leave out the quotes',
    ),
    "a duration of nothing": (
        ("within: 5m", "within: 0s"),
        '14:38: checks.unit.within: wanted a duration such as 90s, 5m, 24h or 7d, found the text "0s"; '
        "it must be longer than nothing and at most 90d",
    ),
    "a duration of years": (
        ("within: 5m", "within: 9999999d"),
        '14:38: checks.unit.within: wanted a duration such as 90s, 5m, 24h or 7d, found the text "9999999d"; '
        "it must be longer than nothing and at most 90d",
    ),
    "a duration in words": (
        ("within: 5m", "within: five minutes"),
        '14:38: checks.unit.within: wanted a duration such as 90s, 5m, 24h or 7d, found the text "five minutes"',
    ),
    "nobody asked": (
        ("{review: 1}", "{review: 0}"),
        "16:66: flow.staging.approvals.review: wanted a number of people, 1 to 99, found the number 0; "
        "to ask nobody, leave the role out",
    ),
    "a health address": (
        ("    environ:", "    health: {path: https://shop.example/health}\n    environ:"),
        "6:20: services.api.health.path: wanted a path that begins with /, such as `/health`, "
        'found the text "https://shop.example/health"; leave out the address: it is the target\'s',
    ),
    "a health variable": (
        ("    environ:", "    health: {expect: {region: $REGION}}\n    environ:"),
        '6:31: services.api.health.expect.region: wanted text, a number, true or false, found the text "$REGION"; '
        "the only variable here is $ENVIRONMENT",
    ),
    "a file outside the tree": (
        ("    environ:", "    schema: {alembic: ../alembic.ini, database: MODE}\n    environ:"),
        "6:23: services.api.schema.alembic: wanted the path of a file in the repository, such as `alembic.ini`, "
        'found the text "../alembic.ini"',
    ),
    "a dump in the tree": (
        ("    environ:", "    schema: {alembic: alembic.ini, database: MODE, dump: dumps/x.sql}\n    environ:"),
        "6:58: services.api.schema.dump: wanted the full path of a dump on the server such as /var/backups/shop.dump, "
        'or env:NAME, found the text "dumps/x.sql"; a dump lies outside of the tree',
    ),
    "the address of a template": (
        ("    environ:", "    schema: {alembic: alembic.ini, database: MODE, template: x://h/db}\n    environ:"),
        "6:62: services.api.schema.template: wanted the name of a database on the server for proofs such as "
        '`shop_masked`, or env:NAME, found the text "x://h/db"',
    ),
    "a branch that git would take for an option": (
        ("branch: main", "branch: -main"),
        '18:13: flow.production.branch: wanted the name of a branch such as `main`, found the text "-main"',
    ),
    "a branch with dots": (
        ("branch: main", "branch: a..b"),
        '18:13: flow.production.branch: wanted the name of a branch such as `main`, found the text "a..b"',
    ),
    "tags that are no releases": (
        ("from: staging", 'tags: "release-*"\n    from: staging'),
        '19:11: flow.production.tags: wanted a pattern of release tags that begins with v, such as "v*", '
        'found the text "release-*"',
    ),
    "a way to merge": (
        ("{review: 1}", "{review: 1}, merge: [rebase]"),
        '16:78: flow.staging.merge[0]: wanted one of squash, merge, found the text "rebase"',
    ),
    "a time zone in small letters": (
        ("product: shop", "product: shop\ntime_zone: europe/london"),
        "2:12: time_zone: wanted an IANA time zone such as `Europe/London`, "
        'found the text "europe/london"; did you mean "Europe/London"?',
    ),
}

COMMANDS = {
    "a pipe": ("serve | tee log", "found the shell operator |; " + NO_SHELL),
    "and": ("migrate && serve", "found the shell operator &&; " + NO_SHELL),
    "a redirection": ("serve 2>&1", "found the shell operator 2>&1; " + NO_SHELL),
    "several lines": ("|\n      migrate\n      serve", "found several lines; " + NO_SHELL),
    "an open quote": ("serve --name it's", "found a quote or backslash that is never closed"),
    "a variable first": ("MODE=fast serve", "found the variable MODE before the program; put it under `environ`"),
    "an option first": ("--port 80", "found no program to run"),
    "nothing but blanks": ('"  "', "found no program to run"),
    "no words": ("[]", "found no program to run"),
    "a list in a list": ("[serve, [x]]", "found a list as one of its words"),
    "a number": ("42", "found the number 42"),
}

BETWEEN = {
    "a target at two providers": (
        (
            "        local: {port: 8000}",
            "        render: {service: srv-cu2k4j3qf0us73fbv7u0}\n        local: {port: 8000}",
        ),
        "11:7: services.api.targets.production: wanted `local`, `render` or `vercel`, where it runs; found render and "
        "local",
    ),
    "a target without a provider": (
        ("\n        local: {port: 8000}", " {}"),
        "11:7: services.api.targets.production: wanted `local`, `render` or `vercel`, where it runs; found none",
    ),
    "a schema of a service at Render": (
        (
            "local: {port: 8000}",
            "render: {service: srv-cu2k4j3qf0us73fbv7u0}\n    schema: {alembic: a,database: MODE}",
        ),
        "13:5: services.api.schema: Render's pre-deploy command migrates a database there; remove this, or run the "
        "service on `local`",
    ),
    "a schema of a project at Vercel": (
        (
            "local: {port: 8000}",
            "vercel: {project: prj_XLKmu1DyR1eY}\n    schema: {alembic: a,database: MODE}",
        ),
        "13:5: services.api.schema: the build at Vercel migrates a database there; remove this, or run the service on "
        "`local`",
    ),
    "a preview that nothing leads to": (
        ("local: {port: 8001}", "vercel: {project: prj_XLKmu1DyR1eY}"),
        "10:9: services.api.targets.staging.vercel: missing: `domain`, which a preview or a custom environment is "
        "reached by",
    ),
    "staging as production at Vercel": (
        (
            "local: {port: 8001}\n      production:\n        local: {port: 8000}",
            "vercel: {project: prj_XLKmu1DyR1eY, environment: production}\n      production:\n"
            "        vercel: {project: prj_XLKmu1DyR1eY}",
        ),
        "10:27: services.api.targets.staging.vercel.project: wanted another project than that of production, or "
        "another `environment` of this one",
    ),
    "a preview as production": (
        ("local: {port: 8000}", "vercel: {project: prj_XLKmu1DyR1eY, environment: preview, domain: shop.example}"),
        "12:58: services.api.targets.production.vercel.environment: wanted `production`: what people use is production "
        "there, too",
    ),
    "a check that does nothing": (
        ("command: pytest -q, ", ""),
        "14:3: checks.unit: wanted `command`, or `proves: migrations`; found neither",
    ),
    "a check with a command and a proof": (
        ("within: 5m", "within: 5m, proves: migrations"),
        "14:3: checks.unit: wanted `command`, or `proves: migrations`; found both",
    ),
    "a check without a command": (
        ("checks: [unit]", "checks: [unit, unti]"),
        "16:45: flow.staging.checks[1]: wanted a check that `checks` has a command for; "
        'found "unti", did you mean "unit"?',
    ),
    "a command that nobody asks for": (
        ("checks: [unit]", "checks: []"),
        "14:3: checks.unit: no branch asks for this check; add it to flow.staging.checks or remove it",
    ),
    "a port twice": (
        ("port: 8000", "port: 8001"),
        "12:23: services.api.targets.production.local.port: port 8001 is taken by api.staging (line 10); "
        "wanted its own",
    ),
    "a stranger in a role": (
        ("tech_lead: [tess]", "tech_lead: [tess, zoe]"),
        '27:21: roles.tech_lead[1]: wanted somebody from `people`; found "zoe", known: ada, tess',
    ),
    "somebody twice in a role": (
        ("tech_lead: [tess]", "tech_lead: [tess, tess]"),
        '27:21: roles.tech_lead[1]: "tess" is there twice',
    ),
    "the built-in role": (
        ("tech_lead: [tess]", "tech_lead: [tess]\n  review: [ada]"),
        "28:3: roles.review: this role is built in: anybody but the author may review; give yours another name",
    ),
    "an unknown role": (
        ("{tech_lead: 1}", "{tech_led: 1}"),
        '21:17: flow.production.approvals.tech_led: wanted a role from `roles`, or `review`; found "tech_led", '
        'did you mean "tech_lead"?',
    ),
    "more approvals than people in the role": (
        ("{tech_lead: 1}", "{tech_lead: 2}"),
        "21:28: flow.production.approvals.tech_lead: asks for 2 people, but the role has 1; "
        "add people or ask for fewer",
    ),
    "more reviews than people": (
        ("{review: 1}", "{review: 2}"),
        "16:66: flow.staging.approvals.review: asks for 2 people, but 1 of `people` could, as the author never counts; "
        "add people or ask for fewer",
    ),
    "one branch for both": (
        ("branch: main", "branch: staging"),
        '18:13: flow.production.branch: wanted another branch than flow.staging.branch, found "staging" in both',
    ),
    "rules on another branch than main": (
        ("branch: main", "branch: production"),
        '18:13: flow.production.branch: wanted main, because the gate.yaml in force is main\'s; found "production"',
    ),
    "releases from elsewhere": (
        ("from: staging", "from: develop"),
        '19:11: flow.production.from: wanted staging: only what staging has proved goes on; found "develop"',
    ),
    "squashed releases": (
        ("from: staging", "merge: [squash]"),
        "19:13: flow.production.merge[0]: wanted merge alone: a squashed release loses the commits that it carries",
    ),
    "no way to merge": (
        ("from: staging", "merge: []"),
        "19:12: flow.production.merge: wanted at least one way to merge, found none; leave the key out for the default",
    ),
    "a variable that is given": (
        ("MODE: fast", "PORT: 8080"),
        "7:7: services.api.environ.PORT: each service is given PORT, ENVIRONMENT, REVISION, RELEASE by its deployment; "
        "remove it",
    ),
    "a schema without a tool": (
        ("    environ:", "    schema: {database: MODE}\n    environ:"),
        "6:5: services.api.schema: wanted `alembic`, or `commands` for another tool; found neither",
    ),
    "a schema with two tools": (
        ("    environ:", f"    schema: {{alembic: a.ini, database: MODE, {TOOL}}}\n    environ:"),
        "6:5: services.api.schema: wanted `alembic`, or `commands` for another tool; found both",
    ),
    "the folder of Alembic's migrations": (
        ("    environ:", "    schema: {alembic: a.ini, database: MODE, files: migrations}\n    environ:"),
        "6:46: services.api.schema.files: this is for `commands` alone: alembic.ini says where Alembic's migrations "
        "are; remove it",
    ),
    "two sources of rows": (
        ("    environ:", f"    schema: {{{TOOL}, database: MODE, dump: /d, template: t}}\n    environ:"),
        "6:100: services.api.schema.template: wanted `dump` or `template`, found both; keep one",
    ),
    "a downgrade to nowhere": (
        ("    environ:", f"    schema: {{{TOOL.replace(' $REVISION', '')}, database: MODE}}\n    environ:"),
        "6:60: services.api.schema.commands.downgrade: wanted $REVISION in it, the revision to go back to, as "
        "`current` printed it",
    ),
    "a database that staging does not have": (
        ("    environ:", "    schema: {alembic: alembic.ini, database: MODUS}\n    environ:"),
        "6:46: services.api.schema.database: wanted a variable that is set in all environments; "
        'add "MODUS" to staging and production',
    ),
    "smoke tests that nothing runs": (
        ("    smoke: {command: smoke $URL}\n", ""),
        "21:12: flow.production.smoke: names smoke tests, but no service has a `smoke` command to run them",
    ),
}


@pytest.mark.parametrize(("edit", "problem"), YAML_TRAPS.values(), ids=YAML_TRAPS)
def test_what_yaml_does_to_people(edit: tuple[str, str], problem: str) -> None:
    assert problems_of(edited(edit)) == [problem]


@pytest.mark.parametrize(("edit", "problem"), SHAPES.values(), ids=SHAPES)
def test_keys_that_are_unknown_missing_or_of_another_shape(edit: tuple[str, str], problem: str) -> None:
    assert problems_of(edited(edit)) == [problem]


@pytest.mark.parametrize(("edit", "problem"), VALUES.values(), ids=VALUES)
def test_values_of_the_wrong_kind(edit: tuple[str, str], problem: str) -> None:
    assert problems_of(edited(edit)) == [problem]


@pytest.mark.parametrize(("command", "found"), COMMANDS.values(), ids=COMMANDS)
def test_commands_that_only_a_shell_could_run(command: str, found: str) -> None:
    wanted = "4:10: services.api.run: wanted a command: one line, or a list of words, "
    assert problems_of(edited(("serve --port $PORT", command))) == [wanted + found]


def test_somebody_must_be_tech_lead() -> None:
    text = edited(("approvals: {tech_lead: 1}", "approvals: {review: 1}"), ("tech_lead: [tess]", "devops: [tess]"))
    said = "26:1: roles: wanted at least one tech_lead: a change to how services are run or proved needs one who agrees"
    assert problems_of(text) == [said]


def test_different_people_have_to_approve() -> None:
    text = edited(
        ("{tech_lead: 1}", "{tech_lead: 1, boss: 1}"), ("  tech_lead: [tess]", "  tech_lead: [tess]\n  boss: [tess]")
    )
    said = "asks for 2 different people, but the roles have 1; one person counts once"
    assert problems_of(text) == [f"21:16: flow.production.approvals: {said}"]


@pytest.mark.parametrize(("edit", "problem"), BETWEEN.values(), ids=BETWEEN)
def test_parts_that_do_not_fit_each_other(edit: tuple[str, str], problem: str) -> None:
    assert problems_of(edited(edit)) == [problem]
