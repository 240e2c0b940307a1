"""Request ids, sizes, answers of the gateway's own, redirects and caches."""

from __future__ import annotations

from typing import Any

import pytest

from gal.errors import InputError
from gal.importers.kong.traffic import cache, direct_response, redirect, request_id, size_limit
from gal.model import (
    Cache,
    DirectResponse,
    Duration,
    Redirect,
    RequestId,
    RequestIdFormat,
    Size,
    SizeLimit,
)
from tests.importers.kong.plugins import (
    APPROXIMATED,
    CARRIED_QUIETLY,
    IDLE,
    Said,
    check,
    read_with,
)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", RequestId("Kong-Request-ID", RequestIdFormat.UUID_COUNTER)),
        (
            "header_name: X-Id\ngenerator: uuid\necho_downstream: true",
            RequestId("X-Id", RequestIdFormat.UUID, echo=True),
        ),
        ("generator: tracker", RequestId("Kong-Request-ID", RequestIdFormat.TRACKER)),
        ("generator: uuid#counter", RequestId("Kong-Request-ID", RequestIdFormat.UUID_COUNTER)),
    ],
)
def test_request_id(config: str, expected: RequestId) -> None:
    check(request_id, "correlation-id", config, expected)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", SizeLimit(Size.parse("128MiB"))),
        ("allowed_payload_size: 8", SizeLimit(Size.parse("8MiB"))),
        (
            "allowed_payload_size: 500\nsize_unit: kilobytes\nrequire_content_length: true",
            SizeLimit(Size.parse("500KiB"), require_content_length=True),
        ),
        ("allowed_payload_size: 0\nsize_unit: bytes", SizeLimit(Size(0))),
    ],
)
def test_size_limit(config: str, expected: SizeLimit) -> None:
    check(size_limit, "request-size-limiting", config, expected)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", DirectResponse(503, message="Service unavailable")),
        ("status_code: 403", DirectResponse(403)),
        ("status_code: 401", DirectResponse(401, message="Unauthorized")),
        ("status_code: 403\nmessage: Go away", DirectResponse(403, message="Go away")),
        (
            "status_code: 200\nbody: <p>Soon</p>\ncontent_type: text/html\ntrigger: X-Off",
            DirectResponse(200, "<p>Soon</p>", None, "text/html", "X-Off"),
        ),
        ('body: ""', DirectResponse(503, body="")),
        ("status_code: 200\necho: true", DirectResponse(200, echo=True)),
    ],
)
def test_direct_response(config: str, expected: DirectResponse) -> None:
    check(direct_response, "request-termination", config, expected)


@pytest.mark.parametrize(
    ("config", "expected", "said"),
    [
        ("location: https://a.test/x?y=1", Redirect("https://a.test/x?y=1"), ()),
        (
            "location: https://a.test\nstatus_code: 308\nkeep_incoming_path: true",
            Redirect("https://a.test", keep_path=True, status_code=308),
            (),
        ),
        (
            "location: https://a.test/\nkeep_incoming_path: true",
            Redirect("https://a.test", keep_path=True),
            (),
        ),
        (
            "location: https://a.test/x?y=1\nkeep_incoming_path: true",
            Redirect("https://a.test", keep_path=True),
            ((*IDLE, "config.location", "without effect"),),
        ),
        (
            "location: ${TARGET}\nkeep_incoming_path: true",
            Redirect("${TARGET}", keep_path=True),
            ((*APPROXIMATED, "config.location", "without a path"),),
        ),
    ],
)
def test_redirect(config: str, expected: Redirect, said: tuple[Said, ...]) -> None:
    check(redirect, "redirect", config, expected, said)


def cached(**more: Any) -> Cache:
    """A cache with Kong's defaults."""
    types = ["text/plain", "application/json"]
    wanted = Cache(content_types=types, report_headers=["key", "status", "age"])
    for name, value in more.items():
        setattr(wanted, name, value)
    return wanted


CACHES: list[tuple[str, str, Cache, tuple[Said, ...]]] = [
    ("defaults", "strategy: memory", cached(), ()),
    (
        "all fields",
        (
            "strategy: memory\nrequest_method: [GET]\nresponse_code: [200]\n"
            "content_type: [text/css]\ncache_ttl: 60\ncache_control: true\n"
            "ignore_uri_case: true\nvary_headers: [Accept]\n"
            "vary_query_params: [page]\nstorage_ttl: 90\nmemory: {dictionary_name: mine}\n"
            "response_headers: {age: false, X-Cache-Key: false}"
        ),
        cached(
            methods=["GET"],
            status_codes=[200],
            content_types=["text/css"],
            ttl=Duration.seconds(60),
            respect_cache_control=True,
            ignore_path_case=True,
            vary_headers=["Accept"],
            vary_query_params=["page"],
            report_headers=["status"],
            extensions={"kong": {"memory": {"dictionary_name": "mine"}, "storage_ttl": 90}},
        ),
        (
            (*CARRIED_QUIETLY, "config.memory", "where Kong keeps it"),
            (*CARRIED_QUIETLY, "config.storage_ttl", "how long"),
        ),
    ),
    (
        "defaults written down",
        "strategy: memory\nmemory: {dictionary_name: kong_db_cache}\nstorage_ttl: null",
        cached(),
        (),
    ),
    (
        "nothing to keep",
        "strategy: memory\ncontent_type: []",
        cached(content_types=[], enabled=False),
        ((*APPROXIMATED, "config.content_type", "switched off"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in CACHES], ids=[row[0] for row in CACHES]
)
def test_cache(config: str, expected: Cache, said: tuple[Said, ...]) -> None:
    check(cache, "proxy-cache", config, expected, said)


@pytest.mark.parametrize(
    ("kind", "config", "where", "message"),
    [
        (request_id, "generator: random", "3:14", "must be one of uuid, uuid#counter, tracker"),
        (size_limit, "allowed_payload_size: -1", "3:25", "between 0 and"),
        (size_limit, "allowed_payload_size: ${MAX}", "3:25", "needs the number"),
        (size_limit, "size_unit: gigabytes", "3:14", "must be one of megabytes"),
        (direct_response, "status_code: 99", "3:16", "between 100 and 599"),
        (direct_response, "message: a\nbody: b", "3:12", "excludes"),
        (direct_response, "content_type: text/html", "3:17", 'needs a "body"'),
        (direct_response, "body: b\necho: true", "4:9", "excludes"),
        (redirect, "status_code: 301", "3:3", '"location" is missing'),
        (redirect, "location: /here", "3:13", "no URL"),
        (redirect, "location: https://a.test\nstatus_code: 600", "4:16", "between 100 and 599"),
        (cache, "cache_ttl: 60", "3:3", '"strategy" is missing'),
        (cache, "strategy: redis", "3:13", "must be one of memory"),
        (cache, "strategy: memory\ncache_ttl: 0", "4:14", "between 1 and"),
        (cache, "strategy: memory\nrequest_method: [DELETE]", "4:20", "must be one of HEAD"),
        (cache, "strategy: memory\nresponse_code: [99]", "4:19", "between 100 and 900"),
        (cache, "strategy: memory\nresponse_code: []", "4:18", "at least one"),
    ],
)
def test_refused(kind: object, config: str, where: str, message: str) -> None:
    assert callable(kind)
    with pytest.raises(InputError, match=message) as caught:
        read_with(kind, "x", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"
