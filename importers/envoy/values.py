"""Values as protobuf's JSON has them: durations, wrapped numbers, fractions, texts from elsewhere.

Source: https://protobuf.dev/programming-guides/json/ and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/v3/percent.proto
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from gal.model import Dialect, Duration, Regex
from gal.reading import Mapping, Node, Scalar, Sequence, is_placeholder
from gal.spelling import snake_case

_DURATION = re.compile(r"(-?)(\d*)(?:\.(\d{1,9})\d*)?s")
_DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}
_DENOMINATOR_NUMBERS = {"0": "HUNDRED", "1": "TEN_THOUSAND", "2": "MILLION"}


def is_camel(root: Node) -> bool:
    """Whether any field is spelt in camel case, so that keys have to be compared folded."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Mapping):
            if any(snake_case(key) != key for key in node.entries):
                return True
            nodes.extend(node.entries.values())
        elif isinstance(node, Sequence):
            nodes.extend(node.items)
    return False


def take_duration(node: Mapping, key: str) -> Duration | None:
    """A length of time: `0.25s`, or `{seconds, nanos}`.

    Raises:
        InputError: it is neither.
    """
    below = node.take(key)
    return None if below is None else as_duration(below, key)


def as_duration(below: Node, key: str) -> Duration:
    """The same for a value that was taken."""
    if isinstance(below, Mapping):
        seconds, nanos = below.take("seconds"), below.take("nanos")
        whole = as_number(seconds, "seconds") if seconds is not None else 0
        part = as_number(nanos, "nanos") if nanos is not None else 0
        return Duration(int(whole) * 10**9 + int(part))
    text = below.as_str().strip()
    found = _DURATION.fullmatch(text)
    if found is None or not (found[2] or found[3]) or found[1]:
        hint = 'write seconds with an "s", such as 0.25s'
        if is_placeholder(text):
            hint = "fill in the placeholder first"
        raise below.error(f'field "{key}" must be a duration, not "{text}"', hint)
    return Duration(int(found[2] or 0) * 10**9 + int((found[3] or "").ljust(9, "0")))


def take_number(node: Mapping, key: str) -> float | None:
    """A number, also as a string or in a mapping `{value: N}`."""
    below = node.take(key)
    return None if below is None else as_number(below, key)


def as_number(below: Node, key: str) -> float:
    """The same for a value that was taken.

    Raises:
        InputError: it is no number.
    """
    if isinstance(below, Mapping) and (below.has("value") or not len(below)):
        inner = below.take("value")
        return 0 if inner is None else as_number(inner, key)
    if isinstance(below, Scalar) and below.kind == "string" and not is_placeholder(below.text):
        try:
            return float(below.text)
        except ValueError:
            raise below.mismatch("a number") from None
    return below.as_float()


def take_integer(node: Mapping, key: str) -> int | None:
    """A whole number in any of the spellings, or a placeholder that is to be filled in.

    Raises:
        InputError: it is none.
    """
    below = node.take(key)
    if below is None:
        return None
    if isinstance(below, Scalar) and (below.kind != "string" or is_placeholder(below.text)):
        return below.as_int()
    value = as_number(below, key)
    if not math.isfinite(value) or value != int(value):
        raise below.mismatch("an integer")
    return int(value)


def take_flag(node: Mapping, key: str) -> bool | None:
    """A boolean, also as `{value: true}`, or a `RuntimeFeatureFlag`'s `{default_value: true}`."""
    below = node.take(key)
    return None if below is None else as_flag(below)


def as_flag(below: Node) -> bool:
    """The same for a value that was taken."""
    if isinstance(below, Mapping):
        below.mark("runtime_key")
        inner = below.take("default_value") or below.take("value")
        return False if inner is None else as_flag(inner)
    if isinstance(below, Scalar) and below.text in ("true", "false"):
        return below.text == "true"
    return below.as_bool()


def take_enum(node: Mapping, key: str, names: Iterable[str], default: str) -> str:
    """A name of an enum, also by its number; `names` stand in the order of their numbers.

    Raises:
        InputError: it is none of them.
    """
    below = node.take(key)
    if below is None:
        return default
    text = below.as_str()
    known = list(names)
    if text.isdigit() and int(text) < len(known):
        return known[int(text)]
    if text.upper() in known:
        return text.upper()
    raise below.error(f'field "{key}" must be one of {", ".join(known)}, not "{text}"')


def take_percent(node: Mapping, key: str) -> float | None:
    """A share, 0 to 100: `FractionalPercent`, `RuntimeFractionalPercent` or `Percent`."""
    below = node.take(key)
    return None if below is None else as_percent(below, key)


def as_percent(below: Node, key: str) -> float:
    """The same for a value that was taken. What the runtime says instead is not known."""
    if not isinstance(below, Mapping):
        return as_number(below, key)
    below.mark("runtime_key")
    inner = below.take("default_value")
    if inner is not None:
        return as_percent(inner, key)
    if below.has("value"):
        return as_number(below, key)
    numerator = take_number(below, "numerator") or 0
    text = below.take_str("denominator", "HUNDRED")
    name = _DENOMINATOR_NUMBERS.get(text, text)
    if name not in _DENOMINATORS:
        raise below.error(f'"{text}" is no denominator', "HUNDRED, TEN_THOUSAND or MILLION")
    return numerator * 100 / _DENOMINATORS[name]


def take_regex(node: Mapping, key: str) -> Regex | None:
    """An expression on a whole text: `RegexMatcher`, or a plain string of v2."""
    below = node.take(key)
    return None if below is None else as_regex(below)


def as_regex(below: Node) -> Regex:
    """The same for a value that was taken."""
    if not isinstance(below, Mapping):
        return Regex(below.as_str(), Dialect.RE2)
    engine = below.take("google_re2")
    if engine is not None:
        engine.take_all()
    return Regex(below.require_str("regex"), Dialect.RE2)


def take_text(node: Mapping, key: str) -> tuple[str | None, str | None]:
    """A `DataSource`: its text and its file; one of them is None, or both."""
    below = node.take_mapping(key)
    return (None, None) if below is None else as_text(below)


def as_text(below: Mapping) -> tuple[str | None, str | None]:
    """The same for a value that was taken. A variable of Envoy's environment is neither."""
    below.mark("environment_variable")
    watched = below.take("watched_directory")
    if watched is not None:
        watched.take_all()
    encoded = below.take_str("inline_bytes")
    if encoded is not None:
        return _decoded(below, encoded), None
    return below.take_str("inline_string"), below.take_str("filename")


def take_header_value(header: Mapping) -> str:
    """The value of a `HeaderValue`: a text, or bytes in Base64."""
    encoded, text = header.take_str("raw_value"), header.take_str("value", "")
    return text if encoded is None or text else _decoded(header, encoded, "raw_value")


def _decoded(below: Mapping, encoded: str, key: str = "inline_bytes") -> str:
    import base64
    import binascii

    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        node = below.peek(key) or below
        raise node.error(f'field "{key}" must be Base64') from None


def number_text(value: float) -> str:
    """A number for people: without a fraction where it has none."""
    return f"{value:g}"
