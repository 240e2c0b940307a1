"""Trees of matchers: wherever one decides, no other gateway lets in whom Envoy might not have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.convert import convert
from gal.ledger import Level
from gal.reading import read_documents
from tests.importers.envoy.placed import T, fates, file, guards, http, read
from tests.importers.envoy.test_listeners import chain, host, listener

_WRAPPER = "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher"
_TREE: dict[str, Any] = {"matcher_tree": {"input": {"name": "a"}, "exact_match_map": {}}}


def wrapped(inner: str, name: str = "x") -> str:
    """A filter that a tree of matchers passes over for some requests."""
    config = f"{{name: i, typed_config: {{'@type': {T}{inner}}}}}"
    return (
        f"{{name: {name}, typed_config: {{'@type': {_WRAPPER}, extension_config: {config},"
        f" xds_matcher: {json.dumps(_TREE)}}}}}"
    )


CLOSED = (
    "only Envoy knows this access control (a tree of matchers says on which requests it acts):"
    " any other gateway refuses everybody"
)


@pytest.mark.parametrize(
    "inner",
    [
        "rbac.v3.RBAC",
        "ext_authz.v3.ExtAuthz",
        "jwt_authn.v3.JwtAuthentication",
        "basic_auth.v3.BasicAuth",
        "api_key_auth.v3.ApiKeyAuth",
        "oauth2.v3.OAuth2",
        "lua.v3.Lua, inline_code: 'x'",
        "fault.v3.HTTPFault",
        "something_new.v3.New",
    ],
)
def test_filters_that_may_refuse(inner: str) -> None:
    text = file(wrapped(inner))
    assert guards(text) == ["ExtensionWithMatcher"]
    assert fates(text) == [("carried", "warning", CLOSED)]


@pytest.mark.parametrize("inner", ["cors.v3.Cors", "buffer.v3.Buffer", "grpc_web.v3.GrpcWeb"])
def test_filters_that_refuse_nobody(inner: str) -> None:
    text = file(wrapped(inner))
    kind = inner.partition(".")[0]
    message = f"only Envoy has {kind} act on the requests that a tree of matchers picks"
    assert (guards(text), fates(text)) == ([], [("carried", "warning", message)])


def test_the_name_may_say_so() -> None:
    assert guards(file(wrapped("cors.v3.Cors", "acme.auth"))) == ["ExtensionWithMatcher"]


PLACES = [
    (
        "of routes",
        json.dumps(
            {
                "static_resources": {
                    "listeners": [
                        listener(80, chain({**host("*", "x"), "routes": [], "matcher": _TREE}))
                    ]
                }
            }
        ),
        "matcher",
        (
            "the model has no words for a tree of matchers. Any other gateway refuses everybody on"
            " these hosts"
        ),
    ),
    (
        "of filter chains",
        json.dumps(
            {
                "static_resources": {
                    "listeners": [listener(80, chain(host("*", "x")), filter_chain_matcher=_TREE)]
                }
            }
        ),
        "filter_chain_matcher",
        "a tree chooses the filter chain: any other gateway refuses everybody here",
    ),
    (
        "of rules",
        file(http("rbac.v3.RBAC", f"matcher: {json.dumps(_TREE)}")),
        "http_filters[0]",
        (
            "only Envoy knows this access control (a tree of matchers decides): any other gateway"
            " refuses everybody"
        ),
    ),
]


@pytest.mark.parametrize(
    ("text", "place", "message"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_trees_close(text: str, place: str, message: str) -> None:
    gateway, ledger = read(text)
    logins = [route.policies.authentication for route in gateway.routes]
    assert logins
    assert all(login is not None and login.guards for login in logins)
    said = [entry.message for entry in ledger if entry.path.endswith(place)]
    assert message in said
    for provider in ("kong", "apisix", "traefik", *([] if "rbac" in text else ["envoy"])):
        documents = read_documents(text, "in.yaml", "yaml")
        entries = convert(documents, provider, source="envoy").ledger
        refused = [one.message for one in entries if one.level is Level.ERROR]
        assert refused, provider
        assert all("everybody is refused" in one for one in refused), provider
