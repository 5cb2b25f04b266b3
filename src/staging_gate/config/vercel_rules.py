"""What targets at Vercel have to agree with."""

from collections.abc import Callable, Iterator

from staging_gate.config.tree import ANY, Path, Problem, Tree

_AT = ("services", ANY, "targets", ANY, "vercel")


def _what_runs_there_has_no_schema_here(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find("services", ANY, "schema"):
        if list(tree.find(*map(str, path[:-1]), "targets", ANY, "vercel")):
            text = "the build at Vercel migrates a database there; remove this, or run the service on `local`"
            yield tree.key_problem(path, text)


def _what_people_use_is_production_there(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find(*_AT):
        if path[3] == "production" and _environment(tree, path) != "production":
            yield tree.problem((*path, "environment"), "wanted `production`: what people use is production there, too")


def _what_is_not_production_there_has_a_domain(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find(*_AT):
        if path[3] == "staging" and _environment(tree, path) != "production" and not _text(tree, path, "domain"):
            yield tree.key_problem(path, "missing: `domain`, which a preview or a custom environment is reached by")


def _environments_are_apart(tree: Tree) -> Iterator[Problem]:
    for path, _ in tree.find("services", ANY, "targets", "staging", "vercel"):
        project, other = _text(tree, path, "project"), _text(tree, (*path[:3], "production", "vercel"), "project")
        if project and project == other and _environment(tree, path) == "production":
            text = "wanted another project than that of production, or another `environment` of this one"
            yield tree.problem((*path, "project"), text)


def _environment(tree: Tree, path: Path) -> str:
    return _text(tree, path, "environment") or ("production" if path[3] == "production" else "preview")


def _text(tree: Tree, path: Path, key: str) -> str:
    return next((value for _, value in tree.find(*map(str, path), key) if isinstance(value, str)), "")


VERCEL_RULES: tuple[Callable[[Tree], Iterator[Problem]], ...] = (
    _what_runs_there_has_no_schema_here,
    _what_people_use_is_production_there,
    _what_is_not_production_there_has_a_domain,
    _environments_are_apart,
)
