"""What Envoy writes in place of a secret when it is asked for its configuration.

Everybody knows that text, so it must never become a key or a password that opens anything.

Source: https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--config_dump
"""

from __future__ import annotations

from typing import Any

TEXT = "[redacted]"
_SPELLINGS = frozenset((TEXT, "W3JlZGFjdGVkXQ=="))
"""In texts, and in bytes."""


def is_redacted(text: str | None) -> bool:
    """Whether a text only stands for a secret."""
    return text is not None and text.strip() in _SPELLINGS


def holds_redacted(value: Any) -> bool:
    """Whether any text of plain data only stands for a secret."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            if is_redacted(one):
                return True
        elif isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
    return False
