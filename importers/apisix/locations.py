"""Where a `redirect` sends to, as far as the model can say it
(https://apisix.apache.org/docs/apisix/plugins/redirect/).
"""

from __future__ import annotations

import re

from gal.importers.apisix.fields import has_variable
from gal.model import Redirect

_ADDRESS = re.compile(
    r"(?P<scheme>https?|\$scheme|\$\{scheme\})://(?P<host>\$host|\$\{host\}|\$http_host|[^/$:]+)"
    r"(?::(?P<port>\d+))?(?P<path>[/$].*|)"
)
_ASKED = re.compile(r"\$(?:request_uri|\{request_uri\}|uri|\{uri\})\Z")


def is_said(text: str, *, query: bool) -> bool:
    """Whether the model can say where that is; `query` as for `place`."""
    return not has_variable(text) or _place(Redirect(), text, query=query)


def place(policy: Redirect, text: str, *, query: bool) -> None:
    """Say in a policy where a text with variables leads to that `is_said`. `query`: the request's
    query goes with it, wherever to.
    """
    _place(policy, text, query=query)


def _place(policy: Redirect, text: str, *, query: bool) -> bool:
    asked = _ASKED.search(text)
    if asked is not None:
        text = text[: asked.start()]
        whole = "request_uri" in asked[0]
        if query and whole:
            return False  # the query would be there twice
        policy.strip_query = not (whole or query)
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return False
    if asked is not None and found["path"] and not has_variable(text):
        policy.location, policy.keep_path = text, True
        return True
    if has_variable(found["path"]) or (asked is not None and found["path"]):
        return False
    if not found["scheme"].startswith("$"):
        policy.scheme = found["scheme"]
    if not found["host"].startswith("$"):
        policy.host = found["host"]
    if found["port"] is not None:
        policy.port = int(found["port"])
    if asked is None:
        policy.path, policy.strip_query = found["path"] or "/", not query
    return True
