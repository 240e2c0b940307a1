"""Which routes answer browsers, and with which headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.model import Authentication, Headers, ModelNode, Operations

if TYPE_CHECKING:
    from gal.lint.subject import RouteView

HSTS = "strict-transport-security"
FRAMES = "x-frame-options"
CONTENT = "content-security-policy"
SNIFFING = "x-content-type-options"
REFERRER = "referrer-policy"
_OTHERS = ("x-xss-protection", "permissions-policy", "feature-policy")
_FOR_PAGES = frozenset((FRAMES, CONTENT, REFERRER, *_OTHERS))
"""Headers that only pages have a use for; interfaces for programs often send the others, too."""

_TAG = "gal:html"


def response_headers(view: RouteView) -> dict[str, tuple[str, ModelNode]]:
    """What a route sets in its answers: by the names in small letters, the value and where it
    stands.
    """
    for _, policies in view.levels:
        for headers in (policies.headers, _transformed(policies.transformation)):
            if headers is not None and headers.response is not None:
                return _given(headers.response, headers) if headers.enabled else {}
    return {}


def _transformed(policy: object) -> Headers | None:
    found = getattr(policy, "headers", None)
    return found if isinstance(found, Headers) else None


def _given(operations: Operations, headers: Headers) -> dict[str, tuple[str, ModelNode]]:
    found: dict[str, tuple[str, ModelNode]] = {}
    for values in (operations.replace, operations.default, operations.add, operations.set):
        for name, several in values.items():
            found[name.lower()] = (", ".join(several), headers)
    return found


def shows_pages(view: RouteView) -> bool:
    """Whether a route answers with pages: it says so by a tag, or it takes GET, and sends
    users to a login page or sets headers that only pages have a use for.
    """
    service = view.service
    if _TAG in view.route.tags or (service is not None and _TAG in service.tags):
        return True
    if view.route.methods and "GET" not in {name.upper() for name in view.route.methods}:
        return False  # nobody opens it in a browser
    asked = view.policy(Authentication)
    oauth2 = asked.oauth2 if asked is not None else None
    logs_in = oauth2 is not None and not oauth2.bearer_only and oauth2.server is None
    return logs_in or not _FOR_PAGES.isdisjoint(response_headers(view))
