"""What holds for the source as a whole: who may import whom, sizes, start-up, no strays."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
FOLDERS: Final = ("gal", "importers", "exporters", "linters")
PROVIDERS: Final = {"kong", "apisix", "traefik", "envoy", "gal_yaml"}
LINES_IN_MODULE: Final = 400
LINES_IN_FUNCTION: Final = 60


def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module below the four source folders."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            # The links below gal/ show the other three folders once more.
            if folder == "gal" and path.relative_to(ROOT / "gal").parts[0] in FOLDERS:
                continue
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            name = dotted if folder == "gal" else f"gal.{dotted}"
            found[name.removesuffix(".__init__")] = path
    return found


MODULES: Final = modules()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(name: str, path: Path, node: ast.AST) -> Iterator[str]:
    """Yield the absolute names that an import statement may load; others yield nothing."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *filter(None, [base])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def at_import_time(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield every node that runs when the module is imported."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from at_import_time(
            [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
        )


def within(name: str, *packages: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in packages)


def provider(name: str) -> str | None:
    """The provider that a module below gal.importers or gal.exporters belongs to."""
    parts = name.split(".")
    return parts[2] if len(parts) > 2 and parts[2] in PROVIDERS else None


def forbidden(importer: str, target: str, *, lazy: bool) -> str:
    """Say why a module may not import another one; say nothing where it may."""
    sides = ("gal.importers", "gal.exporters", "gal.linters")
    own = next((side for side in sides if within(importer, side)), None)
    other = next((side for side in sides if within(target, side)), None)
    if other is None:
        return ""
    if own is None:
        if not lazy:
            return "the core loads importers, exporters and linters only where it uses them"
        if provider(target) and importer != "gal.registry":
            # What only a file shows is read as the importers read it, so that both agree.
            files = within(importer, "gal.lint") and other == "gal.importers"
            return "" if files else "only gal.registry knows the providers"
        return ""
    if own != other:
        return f"{own} and {other} meet only in the model"
    if provider(target) not in {None, provider(importer)}:
        return "providers do not know each other"
    return ""


@pytest.mark.parametrize("name", MODULES)
def test_imports(name: str) -> None:
    module = tree(MODULES[name])
    eager = set(map(id, at_import_time(module.body)))
    wrong = [
        f"line {node.lineno}: {target}: {reason}"
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for target in imported(name, MODULES[name], node)
        if (reason := forbidden(name, target, lazy=id(node) not in eager))
    ]
    assert not wrong


@pytest.mark.parametrize("name", [name for name in MODULES if within(name, "gal")])
def test_providers_are_named_in_the_registry_only(name: str) -> None:
    wrong = [
        f"line {node.lineno}: {node.value!r}: {reason}"
        for node in ast.walk(tree(MODULES[name]))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"gal\.(importers|exporters)\.\w[\w.]*", node.value)
        and (reason := forbidden(name, node.value, lazy=True))
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("importer", "target", "lazy", "allowed"),
    [
        ("gal.importers.kong.cors", "gal.model", False, True),
        ("gal.importers.kong.cors", "gal.importers.kong.routes", False, True),
        ("gal.importers.kong.cors", "gal.importers.shared", False, True),
        ("gal.importers.kong.cors", "gal.importers.apisix.cors", False, False),
        ("gal.importers.kong.cors", "gal.exporters.kong", True, False),
        ("gal.importers.shared", "gal.importers.kong", True, False),
        ("gal.exporters.envoy.cors", "gal.importers.shared", False, False),
        ("gal.linters.rule", "gal.model", False, True),
        ("gal.linters.rule", "gal.importers.kong", True, False),
        ("gal.convert", "gal.importers.kong", True, False),
        ("gal.lint", "gal.linters", True, True),
        ("gal.lint", "gal.linters", False, False),
        ("gal.registry", "gal.importers.kong", True, True),
        ("gal.registry", "gal.importers.kong", False, False),
        ("gal.cli", "yaml", False, True),
    ],
)
def test_who_may_import_whom(importer: str, target: str, lazy: bool, allowed: bool) -> None:
    assert (forbidden(importer, target, lazy=lazy) == "") is allowed


@pytest.mark.parametrize("name", MODULES)
def test_size(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    long = [
        f"{node.name}: {size} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > LINES_IN_FUNCTION
    ]
    assert not long
    assert len(text.splitlines()) <= LINES_IN_MODULE


CHEAP_CALLS: Final = {
    *("cast", "dict", "field", "frozenset", "len", "map", "range", "re.compile", "set", "sorted"),
    *("tuple", "zip", "list", "dict.fromkeys", "quiet", "bad", "good"),
    *("Duration.seconds", "Duration.milliseconds"),
}
"""What may be called at import time, besides classes: cheap, and without a side effect; `quiet`
makes a dict of its arguments, `bad` and `good` an example of a rule.
"""

TEXT_METHODS: Final = {"replace", "format", "join", "partition", "rstrip"}
"""Those of `str`: they put the examples of rules together."""

Functions = Mapping[str, ast.FunctionDef]


def functions(module: ast.Module) -> Functions:
    return {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}


def work(statement: ast.stmt, own: Functions) -> list[str]:
    """Say what a statement at module level does beyond defining things.

    Args:
        statement: one of the module's statements.
        own: the module's functions: one that only builds values may be called to fill a table.
    """
    if isinstance(statement, ast.If | ast.Try):
        # TYPE_CHECKING, versions, guards of the package name; a fallback where an import fails.
        inner = [one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.stmt)]
        return [found for one in inner for found in work(one, own)]
    if isinstance(statement, ast.Expr):
        docstring = isinstance(statement.value, ast.Constant)
        return [] if docstring else [ast.unparse(statement)]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return [ast.unparse(call) for call in calls(statement) if not is_cheap(call, own)]
    defines = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [] if isinstance(statement, defines | ast.Raise | ast.Pass) else [ast.unparse(statement)]


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that evaluating a node makes: what a lambda or a function does waits."""
    if isinstance(node, ast.Lambda | ast.FunctionDef):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from calls(child)


def is_cheap(call: ast.Call, own: Functions) -> bool:
    """Whether it is a class by its name, a cheap function, or an own one that calls only those."""
    called = ast.unparse(call.func)
    if called in own:
        others = {name: function for name, function in own.items() if name != called}
        inner = [found for one in own[called].body for found in calls(one)]
        return all(is_cheap(found, others) for found in inner)
    last = called.rpartition(".")[2]
    return called in CHEAP_CALLS or last in TEXT_METHODS or last.lstrip("_")[:1].isupper()


def is_entry(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'"


@pytest.mark.parametrize("name", MODULES)
def test_import_does_no_work(name: str) -> None:
    module = tree(MODULES[name])
    statements = [one for one in module.body if not is_entry(one)]
    assert not [found for one in statements for found in work(one, functions(module))]


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("LIMIT = 3", []),
        ("NAMES: Final = frozenset({'a'})", []),
        ("PATTERN = re.compile('a')", []),
        ("RULE = Rule(id='a', good=[Example('b')])", []),
        ("later = lambda: open('a')", []),
        ("if TYPE_CHECKING:\n    import a", []),
        ("DATA = load('a')", ["load('a')"]),
        ("DATA = Path('a').read_text()", ["Path('a').read_text()"]),
        ("register(a)", ["register(a)"]),
        ("for a in b:\n    pass", ["for a in b:\n    pass"]),
        ("if a:\n    b()", ["b()"]),
        ("TABLE = [row('a')]\ndef row(a): return Row(a, lambda: open(a))", []),
        ("TABLE = [row('a')]\ndef row(a): return open(a)", ["row('a')"]),
    ],
)
def test_what_counts_as_work(statement: str, does: list[str]) -> None:
    module = ast.parse(statement)
    assert work(module.body[0], functions(module)) == does


HEAVY: Final = ("deepdiff", "jsonschema", "tabulate", "yaml")


@pytest.mark.parametrize("name", ["gal", "gal.cli"])
def test_start_is_light(name: str) -> None:
    code = f"import sys, {name}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def tracked() -> list[Path]:
    """The files that git knows or would take; none outside a checkout."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [
        path for name in filter(None, done.stdout.split("\0")) if (path := ROOT / name).is_file()
    ]


# A bare `/home` may be the path of a route, and the same inside a longer path is anybody's folder.
MACHINE_PATH: Final = re.compile(r"(?<![\w./:}-])/(?:(?:tmp|work|home|root)/|work\b(?![-/.]))")
# In parts, so that this file does not hold what it looks for.
REGISTRIES: Final = tuple(
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("repo1", "maven", "org"),
        ("deb", "debian", "org"),
    ]
)


def strays(text: str) -> list[str]:
    """Paths of one machine, and hosts that packages come from."""
    return [match.group() for match in MACHINE_PATH.finditer(text)] + [
        host for host in REGISTRIES if host in text
    ]


def test_no_file_names_a_machine_or_a_registry() -> None:
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in tracked()}
    found = {str(path.relative_to(ROOT)): strays(text) for path, text in texts.items()}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (("see ", "/tm", "p/x"), True),
        (("cd ", "/wo", "rk"), True),
        (("'", "/ro", "ot/.ssh"), True),
        (("https://", "py", "pi.org"), True),
        (("a/", "tm", "p/b"), False),
        (("paths: [", "/ho", "me]"), False),
        (("/wo", "rkspaces"), False),
    ],
)
def test_what_counts_as_a_stray(parts: tuple[str, ...], found: bool) -> None:
    assert bool(strays("".join(parts))) is found
