"""CORS: the settings of a route."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.cors import cors
from gal.model import Anchor, Cors, Dialect, DirectResponse, Duration, Policies, Redirect, Regex
from tests.exporters.envoy.built import built

ASKED = "%REQ(access-control-request-headers)%"
ANY = [{"safe_regex": {"regex": ".*"}}]
NONE = [{"safe_regex": {"regex": r"[^\s\S]"}}]


@pytest.mark.parametrize(
    ("policy", "matchers", "lost"),
    [
        pytest.param(Cors(), ANY, 0, id="default"),
        pytest.param(Cors(allowed_origins=["https://a", "*"]), ANY, 0, id="any of several"),
        pytest.param(Cors(allowed_origins=[], reflect_any_origin=True), ANY, 0, id="reflect"),
        pytest.param(Cors(allowed_origins=["null"]), [{"exact": "null"}], 0, id="exact"),
        pytest.param(Cors(allowed_origins=[]), NONE, 0, id="none"),
        pytest.param(
            Cors(
                allowed_origins=["https://a"],
                allowed_origin_patterns=[Regex(r"https://\w+\.b"), Regex("c", anchor=Anchor.START)],
            ),
            [
                {"exact": "https://a"},
                {"safe_regex": {"regex": r"https://\w+\.b"}},
                {"safe_regex": {"regex": r"c\C*"}},
            ],
            0,
            id="patterns",
        ),
        pytest.param(
            Cors(allowed_origins=[], allowed_origin_patterns=[Regex("(?!a)b", Dialect.PCRE)]),
            NONE,
            1,
            id="what RE2 cannot say allows nothing",
        ),
    ],
)
def test_origins(policy: Cors, matchers: list[Any], lost: int) -> None:
    made = built()
    cors(policy, made.build, made.shared)
    assert made.filter("gal.cors")["allow_origin_string_match"] == matchers
    assert len(made.messages) == lost


@pytest.mark.parametrize(
    ("policy", "steps"),
    [
        pytest.param(
            Cors(allowed_headers=["x"]),
            ["OVERWRITE_IF_EXISTS access-control-allow-origin: *"],
            id="any",
        ),
        pytest.param(
            Cors(allowed_headers=["x"], allow_origin_when_absent=True),
            ["OVERWRITE_IF_EXISTS_OR_ADD access-control-allow-origin: *"],
            id="any, also without origin",
        ),
        pytest.param(
            Cors(allowed_headers=["x"], allow_credentials=True),
            ["OVERWRITE_IF_EXISTS access-control-allow-origin: *"],
            id="any beside credentials, which browsers refuse",
        ),
        pytest.param(
            Cors([], reflect_any_origin=True, allowed_headers=["x"], allow_credentials=True),
            ["APPEND_IF_EXISTS_OR_ADD vary: Origin"],
            id="credentials",
        ),
        pytest.param(
            Cors(allowed_origins=["https://a"], allow_origin_when_absent=True),
            [
                "ADD_IF_ABSENT access-control-allow-origin: https://a",
                "APPEND_IF_EXISTS_OR_ADD vary: Origin",
                f"OVERWRITE_IF_EXISTS_OR_ADD access-control-allow-headers: {ASKED}",
            ],
            id="one origin, headers repeated",
        ),
        pytest.param(
            Cors(
                ["https://a"],
                allowed_headers=["*"],
                allowed_methods=["*"],
                allow_credentials=True,
            ),
            [
                "APPEND_IF_EXISTS_OR_ADD vary: Origin",
                "OVERWRITE_IF_EXISTS access-control-allow-headers: *",
                "OVERWRITE_IF_EXISTS access-control-allow-methods: *",
            ],
            id="stars with credentials",
        ),
    ],
)
def test_answer(policy: Cors, steps: list[str]) -> None:
    made = built()
    cors(policy, made.build, made.shared)
    assert made.steps("gal.cors_answer", "response") == steps
    assert made.steps("gal.cors_upstream", "response") == ["remove access-control-allow-origin"]


@pytest.mark.parametrize(
    ("age", "text"),
    [(None, None), (Duration.seconds(0), "0"), (Duration.seconds(90), "90")],
    ids=str,
)
def test_age(age: Duration | None, text: str | None) -> None:
    made = built()
    cors(Cors(max_age=age), made.build, made.shared)
    assert made.filter("gal.cors").get("max_age") == text


@pytest.mark.parametrize(
    ("methods", "forward", "entries", "without"),
    [
        pytest.param([], False, 0, [], id="takes all methods"),
        pytest.param(["GET", "OPTIONS"], False, 0, [], id="takes OPTIONS"),
        pytest.param(["GET"], False, 0, [], id="takes GET"),
        pytest.param(
            [], True, 1, ["gal.cors_answer", "gal.cors", "gal.cors_upstream"], id="passes on"
        ),
    ],
)
def test_preflights(methods: list[str], forward: bool, entries: int, without: list[str]) -> None:
    made = built(methods=methods)
    cors(Cors(forward_preflight=forward), made.build, made.shared)
    assert len(made.build.alternatives) == entries
    for entry in made.build.alternatives:
        assert entry.methods == ["OPTIONS"]
        assert [header["name"] for header in entry.headers] == [
            "origin",
            "access-control-request-method",
        ]
        assert entry.without == without


@pytest.mark.parametrize(
    ("policies", "reported"),
    [
        pytest.param(Policies(), False, id="proxied"),
        pytest.param(Policies(redirect=Redirect()), True, id="redirect"),
        pytest.param(Policies(direct_response=DirectResponse()), True, id="own answer"),
        pytest.param(
            Policies(direct_response=DirectResponse(trigger="x")), False, id="own answer at times"
        ),
    ],
)
def test_own_answers(policies: Policies, reported: bool) -> None:
    made = built(policies=policies)
    cors(Cors(), made.build, made.shared)
    assert bool(made.messages) == reported
