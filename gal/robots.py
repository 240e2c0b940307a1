"""What robots call themselves in `User-Agent`, where a gateway refuses those of a list of its own;
browsers, curl and wget are none.
"""

from __future__ import annotations

# A robot has a version or a remark behind its name; "Cubot" is a make of telephone.
_AFTER = "[/; ,)+-]"
_KINDS = "spider|crawl|crawler|slurp|archiver"

# Libraries that programs ask with, as they introduce themselves.
_CLIENTS = (
    "apache-httpclient|axios|facebookexternalhit|go-http-client|heritrix|httrack",
    "libwww-perl|mediapartners-google|nutch|okhttp|python-urllib|reqwest|scrapy",
)

SEARCHED = (
    f"(?i:(?:^|[^u])bot(?:{_AFTER}|$))",
    f"(?i:(?:{_KINDS})(?:{_AFTER}|$))",
    *(rf"(?i:^(?:{names})\b)" for names in _CLIENTS),
)
"""Expressions for PCRE, RE2 and Go that are searched in the header."""

WHOLE = (
    rf"(?i)(?:\C*[^u])?bot(?:{_AFTER}\C*)?",
    rf"(?i)\C*(?:{_KINDS})(?:{_AFTER}\C*)?",
    *(rf"(?i)(?:{names})\b\C*" for names in _CLIENTS),
)
"""The same for RE2, which has to match the whole header."""
