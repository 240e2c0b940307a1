"""Generated models: any field of any class may be set, with values that make sense there."""

from __future__ import annotations

import string
from enum import Enum
from typing import Any, get_args, get_origin

from hypothesis import strategies as st

from gal import model as m
from gal.codec.plan import Item, is_model, plan_of, union_members
from gal.model import Duration, ModelNode, Rate, Regex, Secret, Size

Strategy = st.SearchStrategy[Any]

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
WORDS = st.text(string.ascii_letters + string.digits + "-_ äé€'\"\\$%{}:#&*!|>y", max_size=12)
TOKENS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=10)
HEADERS = st.sampled_from(["X-One", "X-Two", "Accept", "User-Agent"])
PATHS = st.sampled_from(["/", "/a", "/a/", "/a/b", "/a.b", "/é", "/orders", "/orders/"])
PATTERNS = st.sampled_from(["/a", "/[a-z]+", "/a/(?:b|c)", "/a.*", r"/\d+/x"])
HOSTS = st.sampled_from(["a.example", "b.example", "*.example", "a.*", "deep.a.example"])
ADDRESSES = st.sampled_from(["10.0.0.0/8", "192.168.1.7", "2001:db8::/32", "::1"])
METHODS = st.sampled_from(["GET", "POST", "DELETE"])
STATUSES = st.integers(400, 599)
URLS = st.sampled_from(["http://auth.example/check", "https://login.example:8443/x?y=z"])
LETTERS = st.dictionaries(TOKENS, WORDS, max_size=2)

_BY_FIELD: dict[tuple[type | None, str], Strategy] = {
    (None, "name"): NAMES,
    (None, "host"): st.sampled_from(["127.0.0.1", "svc.internal", "::1"]),
    (None, "port"): st.integers(1, 65535),
    (None, "admin_port"): st.integers(1, 65535),
    (None, "weight"): st.integers(0, 65535),
    (None, "status_code"): STATUSES,
    (None, "unhealthy_status_codes"): st.lists(STATUSES, max_size=2),
    (None, "healthy_status_codes"): st.lists(st.integers(200, 399), max_size=2),
    (None, "status_codes"): st.lists(STATUSES, max_size=2),
    (None, "methods"): st.lists(METHODS, max_size=2, unique=True),
    (None, "allowed_methods"): st.lists(METHODS, min_size=1, max_size=2, unique=True),
    (None, "path"): PATHS,
    (None, "http_path"): PATHS,
    (None, "path_prefix"): PATHS,
    (None, "path_segments"): PATHS,
    (None, "add_prefix"): PATHS,
    (None, "sources"): st.builds(m.AddressMatch, ip=ADDRESSES).map(lambda one: [one]),
    (None, "upstream"): NAMES,
    (None, "header_name"): HEADERS,
    (None, "header_names"): st.lists(HEADERS, min_size=1, max_size=2, unique=True),
    (None, "address"): URLS,
    (None, "jwks_uri"): URLS,
    (None, "issuer"): URLS,
    (None, "method"): METHODS,
    (None, "percent"): st.integers(0, 100),
    (None, "minimum_healthy_percent"): st.integers(0, 100),
    (None, "level"): st.integers(1, 9),
    (m.Gateway, "version"): st.just(m.VERSION),
    (m.Authentication, "type"): st.none(),
    (m.Gateway, "provider"): st.sampled_from(["kong", "envoy"]),
    (m.Route, "hosts"): st.lists(HOSTS, max_size=2, unique=True),
    (m.Route, "schemes"): st.sampled_from([[], ["http"], ["https"], ["http", "https"]]),
    (m.IpAccess, "allow"): st.lists(ADDRESSES, max_size=2, unique=True),
    (m.IpAccess, "deny"): st.lists(ADDRESSES, max_size=2, unique=True),
    (m.AddressMatch, "ip"): ADDRESSES,
    (m.Listener, "protocol"): st.just("http"),
    (m.Redirect, "status_code"): st.sampled_from([301, 302, 303, 307, 308]),
    (m.HttpsRedirect, "status_code"): st.sampled_from([426, 301, 302, 307, 308]),
    (m.DirectResponse, "status_code"): st.integers(200, 599),
    (m.ComputedField, "generator"): st.sampled_from(["uuid", "timestamp"]),
    (m.ComputedField, "field"): TOKENS,
    (m.Compression, "algorithms"): st.sampled_from([["gzip"], ["br", "gzip"]]),
}


def gateways() -> Strategy:
    """Whole configurations."""
    return nodes(m.Gateway)


def nodes(cls: type[ModelNode], depth: int = 0) -> Strategy:
    """Objects of one class of the model; deep ones set few of their fields."""
    plan = plan_of(cls)
    required = {item.name: _field(cls, item, depth) for item in plan.items if item.required}
    optional = {item.name: _field(cls, item, depth) for item in plan.items if not item.required}

    @st.composite
    def build(draw: st.DrawFn) -> ModelNode:
        most = 6 if depth < 2 else 3
        chosen = draw(st.lists(st.sampled_from(sorted(optional)), unique=True, max_size=most))
        values = {name: draw(strategy) for name, strategy in required.items()}
        values |= {name: draw(optional[name]) for name in chosen}
        return _sound(cls(**values))

    return build() if optional else st.builds(cls, **required)


def _sound(node: ModelNode) -> ModelNode:
    """The node, without what excludes each other."""
    if isinstance(node, m.PathMatch):
        given = [key for key in ("path", "path_prefix", "path_segments") if getattr(node, key)]
        return m.PathMatch(**{given[0]: getattr(node, given[0])}) if given else m.PathMatch("/")
    if isinstance(node, (m.Acl, m.IpAccess)) and not node.deny:
        node.allow = node.allow or ["10.0.0.0/8"]  # without any list it asks for nothing
    if isinstance(node, m.UserAgentAccess) and not node.deny:
        node.deny_known_bots = True
    if isinstance(node, (m.BasicUser, m.BasicCredential)) and node.password is not None:
        node.password_hash = None
    return node


def _field(cls: type, item: Item, depth: int) -> Strategy:
    for key in ((cls, item.name), (None, item.name)):
        if key in _BY_FIELD:
            return _BY_FIELD[key]
    strategy = _typed(item.hint, depth + 1)
    return st.none() | strategy if item.can_be_unset else strategy


def _typed(hint: Any, depth: int) -> Strategy:
    members = union_members(hint)
    if len(members) > 1:
        return st.one_of(*(_typed(member, depth) for member in members))
    if is_model(hint):
        return st.deferred(lambda: nodes(hint, depth))
    if get_origin(hint) is list:
        return st.lists(_typed(get_args(hint)[0], depth), max_size=2)
    if get_origin(hint) is dict:
        return _mapping(get_args(hint)[1])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return _scalar(hint)


def _mapping(inner: Any) -> Strategy:
    if inner == list[str]:
        return st.dictionaries(HEADERS, st.lists(WORDS, min_size=1, max_size=2), max_size=2)
    if inner in (str, Any):
        return LETTERS
    if inner == list[Any]:
        return st.dictionaries(st.just("kong"), st.lists(LETTERS, max_size=2), max_size=1)
    return st.dictionaries(st.just("kong"), LETTERS, max_size=1)


def _scalar(hint: Any) -> Strategy:
    return {
        str: TOKENS,
        bool: st.booleans(),
        int: st.integers(0, 100),
        float: st.integers(0, 100),
        Any: WORDS,
        Duration: st.integers(0, 10**6).map(Duration.milliseconds),
        Size: st.integers(1, 2**30).map(Size),
        Rate: st.builds(Rate, st.integers(1, 86400).map(Duration.seconds), st.integers(1, 10**6)),
        Secret: TOKENS.map(Secret),
        Regex: st.builds(Regex, PATTERNS, st.sampled_from(m.Dialect), st.sampled_from(m.Anchor)),
    }[hint]
