"""What Python's own parser reads of an expression: a tree of operations, with the flags."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any


def tree_of(pattern: re.Pattern[str]) -> Any:
    """The parsed expression: `SubPattern` of `re._parser` (of `sre_parse` in Python 3.10).

    Raises:
        re.error: it is none.
        RecursionError: it is too deep.
        OverflowError: it counts too far.
    """
    parser: Any = import_module("re._parser" if hasattr(re, "_parser") else "sre_parse")
    return parser.parse(pattern.pattern, pattern.flags)
