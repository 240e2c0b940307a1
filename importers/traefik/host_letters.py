"""Capital letters in expressions on hosts: Traefik looks at hosts in small letters, so that they
never fit; elsewhere hosts are compared without case.
"""

from __future__ import annotations

import re

_NEVER = r"[^\s\S]"
_ANY = r"[\s\S]"
_FLAGS = re.compile(r"\(\?[a-zA-Z]*i[a-zA-Z]*(?:-[a-zA-Z]+)?[:)]")
_NAME = re.compile(r"\(\?P?<[^>]*>|\(\?[a-zA-Z-]*[:)]")
_ESCAPED = re.compile(
    r"\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{[^}]*\}|[pP].|Q[\s\S]*?(?:\\E|$)|[\s\S])"
)
_CLASS = re.compile(r"\[\^?\]?(?:\[:[^\]]*:\]|\\[\s\S]|[^\]\\])*\]")
_MEMBER = re.compile(r"\[:[^\]]*:\]|(?:\\[\s\S]|[^\\])-(?:\\[\s\S]|[^\\\]])|\\[\s\S]|[\s\S]")


def without_capitals(pattern: str) -> str:
    """The expression with capital letters as what never fits. One that asks for no case itself
    (`(?i)`) stays as it is.
    """
    if not re.search("[A-Z]", pattern) or _FLAGS.search(pattern):
        return pattern
    found, at = [], 0
    while at < len(pattern):
        for kind in (_NAME, _ESCAPED, _CLASS):
            token = kind.match(pattern, at)
            if token is not None:
                found.append(_class(token[0]) if kind is _CLASS else token[0])
                at = token.end()
                break
        else:
            found.append(_NEVER if _is_capital(pattern[at]) else pattern[at])
            at += 1
    return "".join(found)


def _class(text: str) -> str:
    start = "[^" if text.startswith("[^") else "["
    members = _MEMBER.findall(text[len(start) : -1])
    kept = [one for one in map(_small, members) if one]
    if not kept:
        return _NEVER if start == "[" else _ANY
    return f"{start}{''.join(kept)}]"


def _small(member: str) -> str:
    """What is left of a member of a class without capital letters."""
    if member == "[:upper:]":
        return ""
    if len(member) != 3 or member[1] != "-":
        return "" if _is_capital(member) else member
    first, last = member[0], member[2]
    if _is_capital(first):
        return "" if _is_capital(last) or last < "[" else rf"\[-{last}"
    return f"{first}-@" if _is_capital(last) else member


def _is_capital(text: str) -> bool:
    return len(text) == 1 and "A" <= text <= "Z"
