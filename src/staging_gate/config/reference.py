"""docs/reference: the page about gate.yaml, and its JSON Schema. Run as a module to write both into a folder."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from staging_gate.config.example import example_text
from staging_gate.config.kind import Kind
from staging_gate.config.models import GateYaml, Part, is_part, present
from staging_gate.config.readers import duration_text
from staging_gate.config.schema import json_schema

_PAGE = """# gate.yaml

<!-- Made by `python -m staging_gate.config.reference docs/reference` from src/staging_gate/config: change that. -->

The policy of one product lives in `gate.yaml` at the top of its repository. In force is the one on `main`.
`gate init` writes the annotated example below; editors take [gate.schema.json](gate.schema.json).

A policy that is not right is refused as a whole, with every problem at once, and the one in force stays in force:

```
gate.yaml:17:5: services.api.targets.prodution: unknown key, did you mean "production"?
gate.yaml:31:20: flow.production.smoke: wanted a list such as [a, b], found text
```

## How it is read

The file is YAML 1.2, in UTF-8, of at most 256 KB.

- `no`, `yes`, `on`, `off` and `16:00` are text, as YAML 1.2 says, and `010` is ten.
- A key that wants text refuses numbers and truth values (`branch: 1.0`): put them in quotes. Variables under
  `environ` and the words of a command take what is written as it stands, `010` as well.
- A key without a value is refused: leave it out, or fill it in.
- Unknown keys, duplicate keys, tags (`!...`) and merge keys (`<<`) are refused. Anchors and aliases work.
- A variable under `environ` whose name or value looks like a secret must be a reference, `env:NAME` or
  `file:/full/path`. No message ever shows a value of `environ`.
- Approvals bind to the content of the policy. Comments, layout, the order of keys, and defaults that are written out
  are not part of it; the order of the services is.

## Every key

| Key | Value | Left out |
|---|---|---|
{keys}

## The annotated example

```yaml
{example}```
"""


def page() -> str:
    rows = (f"| `{key}` | {what} | {default} |" for key, what, default in _keys(GateYaml, ""))
    return _PAGE.format(keys="\n".join(rows), example=example_text())


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    (folder / "gate-yaml.md").write_text(page(), encoding="utf-8")
    (folder / "gate.schema.json").write_text(schema_text(), encoding="utf-8")


def _keys(part: type[Part], above: str) -> Iterator[tuple[str, str, str]]:
    hints = get_type_hints(part, include_extras=True)
    for name, field in part.model_fields.items():
        kind, key = present(hints[name]), above + (field.alias or name)
        yield key, _what(kind), _default(field)
        if get_origin(kind) is dict and is_part(get_args(kind)[1]):
            kind, key = get_args(kind)[1], f"{key}.<name>"
        if get_origin(kind) is tuple and is_part(get_args(kind)[0]):
            kind, key = get_args(kind)[0], f"{key}[]"
        if is_part(kind):
            yield from _keys(kind, f"{key}.")


def _what(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        return str(next(each.wanted for each in get_args(kind) if isinstance(each, Kind)))
    if get_origin(kind) is tuple and is_part(get_args(kind)[0]):
        return "a list of what has the keys below it"
    if get_origin(kind) is dict:
        name, value = get_args(kind)
        return f"a mapping: {_what(name)} -> {_what(value)}"
    return f"a list: {_what(get_args(kind)[0])}" if get_origin(kind) is tuple else "the keys below it"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    if default in (None, (), {}):
        return "none"
    if isinstance(default, timedelta):
        return f"`{duration_text(default)}`"
    if isinstance(default, Part):
        return "the defaults below"
    return f"`{json.dumps(to_jsonable_python(default))}`"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
