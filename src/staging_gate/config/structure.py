"""From a tree to the models: what is missing, unknown or of the wrong kind, in words that help."""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from staging_gate.config.example import meaning
from staging_gate.config.kind import did_you_mean, nearest
from staging_gate.config.models import GateYaml, Part, keys_of, part_at
from staging_gate.config.tree import Path, Problem, Tree, shape, shown_path


def structured(tree: Tree) -> tuple[GateYaml | None, list[Problem]]:
    """The models, or every way in which the tree does not fit them."""
    try:
        return GateYaml.model_validate(tree.root), []
    except ValidationError as error:
        return None, list(_problems(tree, error))


def _problems(tree: Tree, error: ValidationError) -> Iterator[Problem]:
    errors = [(_path(tree, each["loc"]), each) for each in error.errors(include_url=False)]
    replaced = {_replaces(path) for path, each in errors if each["type"] == "extra_forbidden"}
    for path, each in errors:
        if each["type"] == "missing":
            if path not in replaced:
                yield _missing(tree, path)
        elif each["type"] == "extra_forbidden":
            yield tree.key_problem(path, _unknown(path))
        elif each["loc"][-1] == "[key]" and each["loc"] != path:
            yield tree.key_problem(path, each["msg"])
        else:
            yield tree.problem(path, _WORDS.get(each["type"], _as_it_is)(path, each))


def _path(tree: Tree, location: tuple[str | int, ...]) -> Path:
    """Pydantic marks a bad key of a mapping with a last step of its own."""
    return location[:-1] if location[-1:] == ("[key]",) and location not in tree.keys else location


def _missing(tree: Tree, path: Path) -> Problem:
    above = tree.key_problem(path[:-1], "")
    return Problem(above.line, above.column, shown_path(path), f"missing: {meaning(path)}")


def _unknown(path: Path) -> str:
    key, part = str(path[-1]), part_at(path[:-1])
    if part is None:
        return "unknown key"
    if key in part.later:
        instead = part.later[key]
        return "not supported by this version" + (f"; write `{instead}`" if instead else "")
    known = keys_of(part)
    hint = did_you_mean(_plain_word(key, part), known) or f"known here: {', '.join(known)}"
    return f"unknown key, {hint}"


def _replaces(path: Path) -> Path:
    """The path of the key that was probably meant: it is not reported as missing too."""
    key, part = str(path[-1]), part_at(path[:-1])
    meant = part and (part.later.get(key) or nearest(_plain_word(key, part), keys_of(part)))
    return (*path[:-1], str(meant or key))


def _plain_word(key: str, part: type[Part]) -> str:
    """Our word for what other tools call so."""
    ours = {"timeout": "within", "start": "run", "env": "environ"}.get(key, key)
    return ours if ours in keys_of(part) else key


def _wanted_mapping(path: Path, error: Any) -> str:
    part = part_at(path)
    keys = f" with {', '.join(keys_of(part))}" if part else ""
    return f"wanted a mapping{keys}; found {shape(error['input'])}"


def _wanted_list(path: Path, error: Any) -> str:
    return f"wanted a list such as [a, b], found {shape(error['input'])}"


def _wanted_one(path: Path, error: Any) -> str:
    return "wanted at least one, found none"


def _as_it_is(path: Path, error: Any) -> str:
    return str(error["msg"])


_WORDS: dict[str, Callable[[Path, Any], str]] = {
    "model_type": _wanted_mapping,
    "dict_type": _wanted_mapping,
    "tuple_type": _wanted_list,
    "too_short": _wanted_one,
}
