r"""Which path the upstream sees: `addPrefix`, `stripPrefix`, `stripPrefixRegex`, `replacePath` and
`replacePathRegex`.

The model changes a path once. Several middlewares are put together where one change says the same.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/stripprefix/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.traefik.options import flag, strings, text
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import Anchor, Dialect, Origin, PathKind, PathMatch, Regex, Rewrite

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

_FEATURE = "rewrite"
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_TEMPLATE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))?")
_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?P?<(\w+)>|(\?))?")
_STRIPPED = re.compile(r"\^(?:\(\?:)?(.*?)\)?/\?")
_WRAPPED = re.compile(
    r"\^(?P<before>\(\.\*\?\)|\(\))\(\?:(?P<inner>.*)\)(?P<after>\(\.\*\)|\(\))\$"
)
_WHOLE = frozenset(("^.*$", ".*", "^.*", "^(.*)$", "^(.*)", "(.*)", ".*$", "^/.*$", "^/.*"))
_TWICE = "the path was changed before, and only Traefik changes it again like this"

ADD_NAMES = {"add_prefix": "prefix", "path": "path"}
STRIP_NAMES = {"strip_prefix": "prefixes"}
PATTERN_NAMES = {"pattern": "regex", "replacement": "replacement", "strip_prefix": "regex"}


def add_prefix(middleware: Middleware, place: Placement) -> None:
    """Put a text before the path. A later prefix stands before an earlier one.

    Raises:
        UnusableError: there is none.
    """
    config = settings(middleware)
    prefix = text(config, "prefix")
    if prefix is None:
        raise UnusableError("addPrefix needs a prefix")
    prefix = prefix if prefix.startswith("/") else f"/{prefix}"
    origin = Origin(config, ADD_NAMES)
    found = place.rewrite
    if found is None and prefix.endswith("/"):
        start = Regex("^", Dialect.GO, Anchor.SEARCH)
        place.rewrite = Rewrite(pattern=start, replacement=_escaped(prefix), origin=origin)
    elif found is None:
        place.rewrite = Rewrite(add_prefix=prefix, origin=origin)
    elif found.path is not None:
        found.path = prefix + found.path
    elif found.pattern is not None:
        place.carry(middleware, _TWICE)
    elif found.add_prefix is not None or not prefix.endswith("/"):
        if found.strip_prefix and found.add_prefix is None:
            message = "where nothing is left, the prefix gets a slash behind it elsewhere"
            node = middleware.node
            place.report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, whole=False)
        found.add_prefix = prefix + (found.add_prefix or "")
    else:
        place.carry(middleware, _TWICE)


def strip_prefix(middleware: Middleware, place: Placement) -> None:
    """Take away the first of these texts that the path starts with; a slash stays in front."""
    config = settings(middleware)
    prefixes = [prefix.strip() for prefix in strings(config, "prefixes")]
    flag(config, "forceSlash")  # the upstream gets a slash in either case
    prefixes = [prefix for prefix in prefixes if prefix not in ("", "/")]
    if not prefixes:
        return
    found = place.rewrite
    origin = Origin(config, STRIP_NAMES)
    if found is not None and found.path is not None:
        found.path = _without(found.path, prefixes)
    elif found is not None:
        place.carry(middleware, _TWICE)
        return
    elif place.route.paths and all(_takes(path, prefixes) for path in place.route.paths):
        place.rewrite = Rewrite(strip_prefix=True, origin=origin)
    else:
        texts = "|".join(map(_quoted, prefixes))
        place.rewrite = _stripping(texts if len(prefixes) == 1 else f"(?:{texts})", origin)
    _tell(middleware, "X-Forwarded-Prefix", place)


def strip_prefix_regex(middleware: Middleware, place: Placement) -> None:
    """Take away what the first of these expressions finds at the start of the path."""
    config = settings(middleware)
    expressions = [one.strip() for one in strings(config, "regex")]
    if not expressions:
        return
    if place.rewrite is not None:
        place.carry(middleware, _TWICE)
        return
    origin = Origin(config, PATTERN_NAMES)
    if len(expressions) == 1 and _matched_by_route(expressions[0], place):
        place.rewrite = Rewrite(strip_prefix=True, origin=origin)
    else:
        place.rewrite = _stripping(f"(?:{'|'.join(expressions)})", origin)
    _tell(middleware, "X-Forwarded-Prefix", place)


def replace_path(middleware: Middleware, place: Placement) -> None:
    """Another path, whatever it was."""
    config = settings(middleware)
    path = text(config, "path") or "/"
    place.rewrite = Rewrite(path=path, origin=Origin(config, ADD_NAMES))
    _tell(middleware, "X-Replaced-Path", place)


def replace_path_regex(middleware: Middleware, place: Placement) -> None:
    """Replace what an expression finds in the path, every time that it finds something.

    Raises:
        UnusableError: there is no expression.
    """
    config = settings(middleware)
    expression = (text(config, "regex") or "").strip()
    template = (text(config, "replacement") or "").strip()
    if not expression:
        raise UnusableError("replacePathRegex needs a regex")
    expression, template = _unwrapped(expression, template)
    replacement = go_template(template, expression)
    origin = Origin(config, PATTERN_NAMES)
    if expression in _WHOLE and replacement is not None and "\\" not in replacement:
        place.rewrite = Rewrite(path=replacement, origin=origin)
    elif place.rewrite is not None:
        place.carry(middleware, _TWICE)
        return
    elif replacement is None:
        place.carry(middleware, "only Traefik can say this replacement")
        return
    elif template.endswith("/") and "$" not in template and _strips_match(expression, place):
        front = template[:-1] or None
        place.rewrite = Rewrite(strip_prefix=True, add_prefix=front, origin=origin)
    else:
        pattern = _anchored(expression)
        place.rewrite = Rewrite(pattern=pattern, replacement=replacement, origin=origin)
        if not _matches_once(expression):
            message = "Traefik replaces every match, others the first one"
            place.report.approximated(place.rewrite, _FEATURE, message, "pattern")
    _tell(middleware, "X-Replaced-Path", place)


def _tell(middleware: Middleware, header: str, place: Placement) -> None:
    message = f"the upstream is not told the path that was asked for ({header})"
    node = middleware.node
    place.report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, whole=False)


def go_template(template: str, expression: str) -> str | None:
    r"""A replacement of Go's (`$1`, `${name}`, `$$`) as the model writes it (`\1`).

    None where the model cannot say it: a group beyond the ninth, all of the match, or a backslash.
    Source: https://pkg.go.dev/regexp#Regexp.Expand
    """
    if "\\" in template:
        return None
    names = _groups(expression)
    lost = False

    def one(found: re.Match[str]) -> str:
        nonlocal lost
        name = found[1] or found[2]
        if name is None:
            return "$" if found[0] == "$$" else found[0]
        number = int(name) if name.isdecimal() else names.get(name)
        if number is None or number > names[""]:
            return ""  # there is no such group
        if not 1 <= number <= 9:
            lost = True
        return f"\\{number}"

    result = _TEMPLATE.sub(one, template)
    return None if lost else result


def _groups(expression: str) -> dict[str, int]:
    """Numbers of groups by name, and under an empty name how many there are."""
    names, count = {}, 0
    for found in _GROUP.finditer(expression):
        if not found[0].startswith("(") or found[2]:
            continue
        count += 1
        if found[1]:
            names[found[1]] = count
    return {**names, "": count}


def _has_choices(expression: str) -> bool:
    """Whether an expression has alternatives outside of all brackets."""
    depth = 0
    for token in re.findall(r"\\.|.", expression):
        depth += (token == "(") - (token == ")")
        if token == "|" and not depth:
            return True
    return False


def _matches_once(expression: str) -> bool:
    """Whether no second match can follow a first one."""
    if _has_choices(expression):
        return False
    return expression.startswith("^") or expression.endswith((".*", "(.*)", "$"))


def _anchored(expression: str) -> Regex:
    """An expression of Go's with what it is bound to."""
    if not expression.startswith("^") or _has_choices(expression):
        return Regex(expression, Dialect.GO, Anchor.SEARCH)
    if expression.endswith("$") and not expression.endswith("\\$"):
        return Regex(expression[1:-1], Dialect.GO, Anchor.FULL)
    return Regex(expression[1:], Dialect.GO, Anchor.START)


def _unwrapped(expression: str, template: str) -> tuple[str, str]:
    """An expression without the groups around it that catch what stands before and behind it, only
    to be put back: so a replacement of one match is written for Traefik, which replaces them all.
    """
    found = _WRAPPED.fullmatch(expression)
    if found is None or _escapes(found["inner"]):
        return expression, template
    before, after = found["before"] == "()", found["after"] == "()"
    last = _groups(found["inner"])[""] + 2
    parts = re.fullmatch(rf"(?P<front>[^$]*)\$\{{1\}}(?P<middle>.*)\$\{{{last}\}}", template)
    if parts is None or (parts["front"] and not before) or (after and not before):
        return expression, template

    def shifted(one: re.Match[str]) -> str:
        return f"${{{int(one[1]) - 1}}}"

    middle = re.sub(r"\$\{(\d+)\}", shifted, parts["middle"])
    inner = f"^{found['inner']}" if before else found["inner"]
    return f"{inner}$" if after else inner, parts["front"] + middle


def _escapes(inner: str) -> bool:
    """Whether a bracket is closed in a text before it was opened there, or it has choices, which
    the group around it holds together.
    """
    depth = 0
    for token in re.findall(r"\\.|.", inner):
        depth += (token == "(") - (token == ")")
        if depth < 0:
            return True
    return _has_choices(inner)


def _stripping(expression: str, origin: Origin) -> Rewrite:
    pattern = Regex(f"{expression}/?", Dialect.GO, Anchor.START)
    return Rewrite(pattern=pattern, replacement="/", origin=origin)


def _takes(path: PathMatch, prefixes: list[str]) -> bool:
    """Whether what the route's path matches is what is taken away."""
    if path.kind is PathKind.REGEX:
        return False
    bare = path.text.rstrip("/")
    for prefix in prefixes:
        if path.text.startswith(prefix):
            return bare == prefix.rstrip("/")
    return False


def _strips_match(expression: str, place: Placement) -> bool:
    """Whether an expression is the text that all of the route's paths match, with its slash."""
    found = _STRIPPED.fullmatch(expression)
    if found is None or not place.route.paths:
        return False
    return all(
        path.kind is not PathKind.REGEX and found[1] == _quoted(path.text.rstrip("/"))
        for path in place.route.paths
    )


def _matched_by_route(expression: str, place: Placement) -> bool:
    wanted = expression.removeprefix("^")
    return bool(place.route.paths) and all(
        path.path_regex is not None and path.path_regex.pattern.removeprefix("^") == wanted
        for path in place.route.paths
    )


def _without(path: str, prefixes: list[str]) -> str:
    for prefix in prefixes:
        if path.startswith(prefix):
            rest = path[len(prefix) :]
            return rest if rest.startswith("/") else f"/{rest}"
    return path


def _quoted(plain: str) -> str:
    """An expression that matches a text."""
    return _SPECIAL.sub(r"\\\g<0>", plain)


def _escaped(plain: str) -> str:
    return plain.replace("\\", "\\\\")
