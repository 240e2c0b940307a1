"""Which Lua scripts are those that GAL writes, letter by letter. One that somebody has changed is
no longer known: what was added to it may refuse requests.
"""

from __future__ import annotations

import hashlib
import re

_SCRIPTS = {
    "gal.headers_request": "7f4da327443ca777",
    "gal.headers_response": "c59b951e57ea7a5a",
    "gal.limit_headers": "e15bf456b69e0e01",
    "gal.query": "f13975554a8fb1e2",
    "gal.request_line": "619680ce6a4646db",
    "gal.size_limit": "e82b7e58de345a93",
    "gal.transformation.request": "e091d4b632c304c1",
    "gal.transformation.response": "ff1b33dba0e3959b",
}
"""Digest of the script by the name of its filter, or by the start of that name."""

_CONSUMERS = "950485faab55448a"
_TABLES = re.compile(
    r"\A(?:local (?:consumers|keys|users|tokens) = \{\n"
    r'(?:  \["[^"\n]*"\] = "[^"\n]*",\n)*\}\n)+'
)


def digest(code: str) -> str:
    """A short mark of a script, without the blanks around it."""
    return hashlib.sha256(code.strip().encode()).hexdigest()[:16]


def is_own(name: str, code: str) -> bool:
    """Whether a filter has the script that GAL writes for filters of this name."""
    known = _SCRIPTS.get(name)
    if known is None:
        known = next((one for key, one in _SCRIPTS.items() if name.startswith(f"{key}.")), None)
    return known is not None and digest(code) == known


def is_of_consumers(code: str) -> bool:
    """Whether a script is the one that finds out the consumer, whatever consumers it knows."""
    tables = _TABLES.match(code)
    return tables is not None and digest(code[tables.end() :]) == _CONSUMERS
