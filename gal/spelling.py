"""The two spellings of a field in protobuf's JSON (https://protobuf.dev/programming-guides/json/),
and of a policy in the model.
"""

from __future__ import annotations

import re
from functools import lru_cache

_UPPER = re.compile(r"(?<=[a-z0-9])([A-Z])")


@lru_cache(maxsize=4096)
def snake_case(key: str) -> str:
    """One spelling for a field's two: `stat_prefix` for `statPrefix`, too. Names with dots, and
    `@type`, stay as they are.
    """
    if "." in key or key.startswith("@"):
        return key
    return _UPPER.sub(lambda found: "_" + found[1].lower(), key)
