"""Policies about single requests: the settings of a route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gal.exporters.envoy.build import Alternative, RouteBuild, Shared
from gal.exporters.envoy.mirror import mirror
from gal.exporters.envoy.traffic import (
    cache,
    compression,
    direct_response,
    redirect,
    request_id,
    request_line,
    response_rate_limit,
    size_limit,
)
from gal.model import (
    Cache,
    Compression,
    DirectResponse,
    Mirror,
    Redirect,
    RequestId,
    RequestIdFormat,
    RequestLine,
    ResponseRateLimit,
    Size,
    SizeLimit,
)
from tests.exporters.envoy.built import built


@pytest.mark.parametrize(
    ("policy", "request_steps", "response_steps", "reported"),
    [
        pytest.param(RequestId(), ["ADD_IF_ABSENT X-Request-ID: %UNIQUE_ID%"], [], 0, id="default"),
        pytest.param(
            RequestId(header_name="x", echo=True, keep_existing=False),
            ["OVERWRITE_IF_EXISTS_OR_ADD x: %UNIQUE_ID%"],
            ["OVERWRITE_IF_EXISTS_OR_ADD x: %REQ(x)%"],
            0,
            id="made anew, told",
        ),
        pytest.param(
            RequestId(header_name="x", format=RequestIdFormat.TRACKER),
            ["ADD_IF_ABSENT x: %UNIQUE_ID%"],
            [],
            1,
            id="another form",
        ),
    ],
)
def test_request_id(
    policy: RequestId, request_steps: list[str], response_steps: list[str], reported: int
) -> None:
    made = built()
    request_id(policy, made.build, made.shared)
    assert made.steps("gal.request_id", "request") == request_steps
    assert made.steps("gal.request_id", "response") == response_steps
    assert len(made.messages) == reported


@pytest.mark.parametrize(
    ("size", "limit", "reported"),
    [(0, 1, 1), (1, 1, 0), (2**27, 2**27, 0), (2**32 - 1, 2**32 - 1, 0), (2**32, 2**32 - 1, 1)],
)
def test_size_limit(size: int, limit: int, reported: int) -> None:
    made = built()
    size_limit(SizeLimit(max_body=Size(size)), made.build, made.shared)
    assert made.filter("gal.size_limit")["buffer"] == {"max_request_bytes": limit}
    assert len(made.messages) == reported
    assert made.filter("gal.size_limit.length") is None


@pytest.mark.parametrize(
    ("policy", "method", "path"),
    [
        pytest.param(RequestLine(method="get"), "GET", None, id="method"),
        pytest.param(RequestLine(path="/a b?é/%41"), None, "/a%20b?%C3%A9/%41", id="path"),
        pytest.param(RequestLine(), None, None, id="nothing"),
    ],
)
def test_request_line(policy: RequestLine, method: str | None, path: str | None) -> None:
    made = built()
    made.build.action["prefix_rewrite"] = "/other"
    request_line(policy, made.build, made.shared)
    script = made.filter("gal.request_line")
    assert (script and script["filter_context"]["method"]) == method
    rewrite = {"pattern": {"regex": "^.*$"}, "substitution": path}
    wanted = {"prefix_rewrite": "/other"} if path is None else {"regex_rewrite": rewrite}
    assert made.build.action == wanted


@pytest.mark.parametrize(
    ("function", "policy"),
    [(cache, Cache()), (response_rate_limit, ResponseRateLimit())],
    ids=["cache", "response_rate_limit"],
)
def test_what_envoy_cannot_do(
    function: Callable[[Any, RouteBuild, Shared], None], policy: Any
) -> None:
    made = built()
    function(policy, made.build, made.shared)
    assert not made.build.filters
    assert [message.partition(":")[0] for message in made.messages] == ["dropped warning"]


def names(*policies: Compression) -> list[list[str]]:
    """Names of the filters that act, by policy: of routes of one gateway."""
    shared = built().shared
    found = []
    for policy in policies:
        made = built()
        compression(policy, made.build, shared)
        found.append([name.rpartition("-")[0] for name in made.build.filters])
    chain = [each["name"] for each in shared.filters.render()]
    assert len(set(chain)) == len(chain)
    return found


def test_compression_by_preference() -> None:
    assert names(
        Compression(), Compression(algorithms=["br", "gzip"]), Compression(algorithms=["lzma"])
    ) == [
        ["gal.compression.gzip"],
        ["gal.compression.br", "gal.compression.gzip"],
        [],
    ]


@pytest.mark.parametrize(
    ("policies", "filters"),
    [
        pytest.param([Compression(), Compression()], 1, id="shared"),
        pytest.param([Compression(), Compression(level=1)], 2, id="level"),
        pytest.param([Compression(), Compression(min_size=Size(1))], 2, id="size"),
        pytest.param([Compression(), Compression(content_types=["a/b"])], 2, id="types"),
        pytest.param(
            [Compression(algorithms=["gzip", "br"]), Compression(algorithms=["br", "gzip"])],
            4,
            id="order",
        ),
    ],
)
def test_compressors_are_shared_between_equal_settings(
    policies: list[Compression], filters: int
) -> None:
    shared = built().shared
    for policy in policies:
        compression(policy, built().build, shared)
    assert len(shared.filters.render()) == filters


@pytest.mark.parametrize(
    ("policy", "action", "literal", "reported"),
    [
        pytest.param(
            Redirect(location="https://a:1/b?c", status_code=308),
            {
                "scheme_redirect": "https",
                "host_redirect": "a:1",
                "path_redirect": "/b?c",
                "strip_query": True,
                "response_code": "PERMANENT_REDIRECT",
            },
            None,
            0,
            id="location",
        ),
        pytest.param(
            Redirect(location="/b%20"),
            {"path_redirect": "/", "response_code": "MOVED_PERMANENTLY"},
            "/b%%20",
            0,
            id="relative",
        ),
        pytest.param(
            Redirect(location="https://u:p@a/"),
            {"path_redirect": "/", "response_code": "MOVED_PERMANENTLY"},
            "https://u:p@a/",
            0,
            id="user in the location",
        ),
        pytest.param(
            Redirect(location="http://a/b\\/", keep_path=True, strip_query=True),
            {
                "scheme_redirect": "http",
                "host_redirect": "a",
                "regex_rewrite": {"pattern": {"regex": "^(.*)$"}, "substitution": "/b\\\\\\1"},
                "strip_query": True,
                "response_code": "MOVED_PERMANENTLY",
            },
            None,
            0,
            id="keeps the path",
        ),
        pytest.param(
            Redirect(scheme="https", port=8443, status_code=305),
            {"scheme_redirect": "https", "port_redirect": 8443, "response_code": "FOUND"},
            None,
            1,
            id="parts, another status",
        ),
    ],
)
def test_redirect(policy: Redirect, action: Any, literal: str | None, reported: int) -> None:
    made = built()
    redirect(policy, made.build, made.shared)
    assert made.build.instead == {"redirect": action}
    options = made.build.response_headers_to_add
    assert [option["header"]["value"] for option in options] == ([literal] if literal else [])
    assert len(made.messages) == reported


JSON = "application/json; charset=utf-8"


def formatted(text: str, content_type: str) -> dict[str, Any]:
    text_format = {"text_format_source": {"inline_string": text}}
    return {"body_format": {**text_format, "content_type": content_type}}


@pytest.mark.parametrize(
    ("policy", "answer", "reported"),
    [
        pytest.param(DirectResponse(), {"status": 503}, 0, id="nothing"),
        pytest.param(
            DirectResponse(message='a"%é'),
            {"status": 503, **formatted('{"message":"a\\"%%é"}', JSON)},
            0,
            id="message",
        ),
        pytest.param(
            DirectResponse(body="50%"),
            {"status": 503, "body": {"inline_string": "50%"}},
            0,
            id="body",
        ),
        pytest.param(
            DirectResponse(body="50%", content_type="a/b"),
            {"status": 503, **formatted("50%%", "a/b")},
            0,
            id="type",
        ),
        pytest.param(
            DirectResponse(body="x" * 4097),
            {"status": 503, **formatted("x" * 4097, "text/plain")},
            0,
            id="large",
        ),
        pytest.param(DirectResponse(status_code=199), {"status": 503}, 1, id="low status"),
        pytest.param(DirectResponse(status_code=600), {"status": 503}, 1, id="high status"),
        pytest.param(DirectResponse(echo=True), {"status": 503}, 1, id="echo"),
    ],
)
def test_direct_response(policy: DirectResponse, answer: Any, reported: int) -> None:
    made = built()
    direct_response(policy, made.build, made.shared)
    assert made.build.instead == {"direct_response": answer}
    assert len(made.messages) == reported


@pytest.mark.parametrize(
    ("status", "removed"), [(200, None), (201, ["location"]), (302, ["location"])]
)
def test_an_answer_leads_nowhere(status: int, removed: list[str] | None) -> None:
    made = built()
    direct_response(DirectResponse(status_code=status), made.build, made.shared)
    assert made.build.instead is not None
    assert made.build.instead.get("response_headers_to_remove") == removed


def test_trigger() -> None:
    made = built()
    direct_response(DirectResponse(trigger="x-t"), made.build, made.shared)
    present = {"name": "x-t", "present_match": True}
    answer = {"direct_response": {"status": 503}}
    assert made.build.instead is None
    assert made.build.alternatives == [
        Alternative(headers=[present], instead=answer),
        Alternative(query_parameters=[present], instead=answer),
    ]


def test_a_redirect_answers_before() -> None:
    made = built()
    redirect(Redirect(scheme="https"), made.build, made.shared)
    before = made.build.instead
    direct_response(DirectResponse(), made.build, made.shared)
    direct_response(DirectResponse(trigger="x-t"), made.build, made.shared)
    assert made.build.instead is before
    assert not made.build.alternatives


@pytest.mark.parametrize(
    ("percent", "fraction"),
    [
        (100, None),
        (12.5, {"numerator": 125_000, "denominator": "MILLION"}),
        (0, {"numerator": 0, "denominator": "MILLION"}),
    ],
)
def test_mirror(percent: float, fraction: Any) -> None:
    made = built()
    made.shared.upstream_cluster = {"shadow": "cluster-7"}.__getitem__
    mirror(Mirror("shadow", percent), made.build, made.shared)
    (copies,) = made.build.action["request_mirror_policies"]
    assert copies["cluster"] == "cluster-7"
    assert copies.get("runtime_fraction") == (fraction and {"default_value": fraction})
