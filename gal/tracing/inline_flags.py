"""Flags in the middle of an expression, which Python only takes at its start or around a group.

`a(?i)b|c` means `a(?i:b)|(?i:c)` to PCRE, RE2 and Go: a flag holds to the end of the group that it
stands in, over its alternatives (https://pkg.go.dev/regexp/syntax, https://www.pcre.org/current/doc/html/pcre2pattern.html).
"""

from __future__ import annotations

import re

_FLAGS = re.compile(r"\(\?([imsx]*(?:-[imsx]+)?)\)")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\w+:\]|\\[\s\S]|[^\]\\])*\]")
_QUOTED = re.compile(r"\\Q([\s\S]*?)(?:\\E|\Z)")
_STEP = re.compile(r"\\[\s\S]|[\s\S]")


def around_groups(pattern: str) -> str:
    """The expression with such flags around what they hold for, and quoted texts escaped."""
    if _FLAGS.search(pattern) is None and "\\Q" not in pattern:
        return pattern
    made: list[str] = []
    opened: list[list[str]] = [[]]  # by group: what is open in it
    at = 0
    while at < len(pattern):
        quoted, flags = _QUOTED.match(pattern, at), _FLAGS.match(pattern, at)
        inside = _CLASS.match(pattern, at)
        if quoted is not None:
            made.append(re.escape(quoted[1]))
            at = quoted.end()
        elif flags is not None:
            at = flags.end()
            if flags[1]:
                opened[-1].append(f"(?{flags[1]}:")
                made.append(opened[-1][-1])
        elif inside is not None:
            made.append(inside[0])
            at = inside.end()
        else:
            step = _STEP.match(pattern, at)
            assert step is not None  # something is left
            made.append(_stepped(step[0], opened))
            at = step.end()
    return "".join(made) + ")" * len(opened[0])


def _stepped(step: str, opened: list[list[str]]) -> str:
    if step == "(":
        opened.append([])
    elif step == ")" and len(opened) > 1:
        return ")" * (len(opened.pop()) + 1)
    elif step == "|":
        return ")" * len(opened[-1]) + "|" + "".join(opened[-1])
    return step
