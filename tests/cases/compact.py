"""Plain data as YAML that a person reads at a glance: what fits stands on one line."""

from __future__ import annotations

from typing import Any

import yaml

_WIDTH = 110


class _Dumper(yaml.SafeDumper):
    """Never refers back to an equal part with an alias, and keeps every text on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Line ends are escaped."""
        style = '"' if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_multi_representer(str, _Dumper.represent_str)


def compact(data: Any, *, flat: bool = False) -> str:
    """The text of a mapping or list.

    Args:
        data: dicts, lists, strings, numbers.
        flat: the outermost mappings stand on a line of their own even where they would fit.
    """
    if not data:
        return f"{_flow(data)}\n"
    lines = _lines(data, 0, top=2 if flat else 1)
    return "".join(f"{line}\n" for line in lines)


def _lines(data: Any, indent: int, top: int) -> list[str]:
    """The lines of a mapping or list that is not empty, without the indentation of the first."""
    lines: list[str] = []
    pad = " " * indent
    if isinstance(data, dict):
        for key, value in data.items():
            name = _flow(key)
            deeper = indent if isinstance(value, list) else indent + 2
            lines += _entry(f"{pad}{name}:", " ", value, deeper, top)
    else:
        for value in data:
            lines += _entry(f"{pad}-", " ", value, indent + 2, max(top, 1))
    return lines


def _entry(lead: str, gap: str, value: Any, indent: int, top: int) -> list[str]:
    if isinstance(value, str) and "\n" in value.rstrip("\n") and _literal(value):
        chomp = "" if value.endswith("\n") else "-"
        pad = " " * indent
        return [f"{lead}{gap}|{chomp}", *(f"{pad}{line}".rstrip() for line in value.splitlines())]
    one = f"{lead}{gap}{_flow(value)}"
    nested = isinstance(value, (dict, list)) and bool(value)
    in_list = lead.endswith("-")
    if nested and _has_lines(value):
        one = " " * (_WIDTH + 1)  # a text of several lines is read as such
    if not nested or (len(one) <= _WIDTH and (top <= 1 or not isinstance(value, (dict, list)))):
        return [one]
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        return _wrapped(lead + gap, value, indent)
    below = _lines(value, indent, top - (0 if in_list else 1))
    if in_list and isinstance(value, dict):
        return [lead + gap + below[0].lstrip(), *below[1:]]
    return [lead, *below]


def _wrapped(lead: str, items: list[Any], indent: int) -> list[str]:
    """A list of scalars over as many lines as it needs; one a line where they are long."""
    spelt = [_flow([item])[1:-1] for item in items]
    if max(map(len, spelt)) > _WIDTH // 3:
        return [lead.rstrip(), *(f"{' ' * indent}- {item}" for item in spelt)]
    pad = " " * (indent + 2)
    lines = [f"{pad}["]
    for item in spelt:
        if len(lines[-1]) + len(item) + 2 > _WIDTH and lines[-1].strip() not in ("", "["):
            lines.append(pad)
        gap = "" if lines[-1].strip() in ("", "[") else " "
        lines[-1] += f"{gap}{item},"
    lines[-1] = lines[-1].removesuffix(",") + "]"
    return [lead.rstrip(), *lines]


def _has_lines(value: Any) -> bool:
    """Whether a text of several lines stands somewhere in it, in a place for a literal block."""
    if isinstance(value, dict):
        return any(_has_lines(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_lines(item) for item in value)
    return isinstance(value, str) and "\n" in value.rstrip("\n") and _literal(value)


def _literal(text: str) -> bool:
    """Whether a literal block can hold the text."""
    lines = text.splitlines()
    return (
        text.isprintable() or all(line.isprintable() and line == line.rstrip() for line in lines)
    ) and not (text.endswith("\n\n") or text.startswith((" ", "\n")))


def _flow(value: Any) -> str:
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        width=10**6,
        allow_unicode=True,
        sort_keys=False,
    )
    return text.removesuffix("\n").removesuffix("\n...")
