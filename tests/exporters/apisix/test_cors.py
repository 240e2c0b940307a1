"""Cross-origin resource sharing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import route

METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS"
OPTIONS = (
    "info approximated: APISIX answers all OPTIONS requests itself, those that are no preflights,"
    " too"
)
BOTH = (
    'warning approximated: APISIX refuses "*" beside credentials, and would else answer every'
    " origin by its name; browsers refuse both together, so credentials are switched off"
)
ONLY = "info approximated: APISIX names the only origin to everybody who asks"


@pytest.mark.parametrize(
    ("policy", "config", "said"),
    [
        ("{}", {"allow_origins": "*", "allow_headers": "**", "max_age": 86400}, [OPTIONS]),
        ("{allow_credentials: true}",
         {"allow_origins": "*", "allow_headers": "**", "max_age": 86400}, [BOTH, OPTIONS]),
        ("{allow_credentials: true, reflect_any_origin: true, allowed_origins: []}",
         {"allow_origins": "**", "allow_headers": "**", "max_age": 86400,
          "allow_credential": True}, [OPTIONS]),
        ("{reflect_any_origin: true, allowed_origins: [], max_age: 5}",
         {"allow_origins": "**", "allow_headers": "**"}, [OPTIONS]),
        ("{allowed_origins: ['https://a.test'], allowed_headers: [A, B], max_age: 60}",
         {"allow_origins": "https://a.test", "allow_headers": "A,B", "max_age": 60},
         [ONLY, OPTIONS]),
        ("{allowed_origins: ['https://a.test', 'https://b.test'], expose_headers: [X, Y]}",
         {"allow_origins": "https://a.test,https://b.test", "allow_headers": "**",
          "expose_headers": "X,Y", "max_age": 86400}, [OPTIONS]),
        ("{allowed_origins: [], max_age: null}",
         {"allow_origins": "https://no-origin.invalid", "allow_headers": "**", "max_age": -1},
         [OPTIONS]),
        ("{allowed_origins: ['https://a.test', 'null'], max_age: 5}",
         {"allow_origins": "https://no-origin.invalid", "allow_headers": "**",
          "allow_origins_by_regex": [r"^https://a\.test$", "^null$"]}, [OPTIONS]),
    ],
)  # fmt: skip
def test_origins(policy: str, config: dict[str, Any], said: list[str]) -> None:
    placed = route(f"cors: {policy}")
    assert placed.plugins["cors"] == {"allow_methods": METHODS, **config}
    assert placed.said == said


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"'https://[a-z]+\.x\.test'", r"^(?:https://[a-z]+\.x\.test)$"),
        (r"{pattern: 'https://x', dialect: pcre, anchor: start}", "^(?:https://x)"),
        (r"{pattern: '\.x\.test$', dialect: pcre, anchor: search}", r"\.x\.test$"),
        ("{pattern: '(?i)x', dialect: pcre, anchor: search}", "(?:(?i)x)"),
    ],
)
def test_expressions_get_no_wider(pattern: str, written: str) -> None:
    """APISIX searches, and puts all of them into one expression."""
    placed = route(f"cors: {{allowed_origins: [], allowed_origin_patterns: [{pattern}]}}")
    assert placed.plugins["cors"]["allow_origins_by_regex"] == [written]
    assert placed.plugins["cors"]["allow_origins"] == "https://no-origin.invalid"


def test_any_beside_credentials() -> None:
    """APISIX refuses `*` beside credentials."""
    placed = route(
        "cors: {allowed_origins: [], reflect_any_origin: true, allow_credentials: true,"
        " allowed_methods: ['*'], allowed_headers: ['*'], expose_headers: ['*', X], max_age: 5}"
    )
    assert placed.plugins["cors"] == {
        "allow_origins": "**",
        "allow_methods": "**",
        "allow_headers": "**",
        "expose_headers": "X",
        "allow_credential": True,
    }
    assert placed.heard("does not expose all") == ["warning approximated"]
    assert placed.heard("take * for a name") == ["warning approximated"] * 2


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("forward_preflight: true", "answers preflights itself"),
        ("private_network: true", "public networks"),
    ],
)
def test_what_apisix_does_not_do(field: str, words: str) -> None:
    assert route(f"cors: {{{field}}}").heard(words) == ["warning approximated"]
