"""`kong.conf`, the settings of the Kong server itself, as a document that knows its places.

A line is `name = value`; what follows a `#` that no backslash escapes is a comment, and of a name
that is there twice the last one counts.

Source: https://developer.konghq.com/gateway/configuration/
"""

from __future__ import annotations

import os
import re

from gal.reading import Document, Mapping, Scalar, Source
from gal.reading.mapping import packed

NAMES = frozenset(
    (
        *("proxy_listen", "admin_listen", "admin_gui_listen", "status_listen", "stream_listen"),
        *("cluster_listen", "declarative_config", "trusted_ips", "real_ip_header", "pg_host"),
        *("real_ip_recursive", "pg_password", "database", "admin_gui_url", "untrusted_lua"),
        *("allow_debug_header", "nginx_http_client_max_body_size", "cluster_cert", "ssl_cert"),
        *("enforce_rbac", "admin_gui_auth", "admin_gui_session_conf", "proxy_access_log"),
        *("portal_gui_listen", "portal_api_listen", "lua_ssl_trusted_certificate", "pg_user"),
        *("nginx_proxy_proxy_next_upstream", "upstream_keepalive_pool_size", "ssl_protocols"),
    )
)
"""Settings of which one is enough to know such a file by."""

_LINE = re.compile(r"^[ \t]*(?![#;\[])([\w.-]+)[ \t]*=[ \t]*([^\r\n]*)", re.MULTILINE)
_COMMENT = re.compile(r"\s*(?<!\\)#.*$")


def is_kong_conf(source: Source) -> bool:
    """Whether a text is a `kong.conf`: by its name, or by settings that only Kong has."""
    if is_kong_conf_name(source.name):
        return True
    return any(found[1] in NAMES for found in _LINE.finditer(source.text))


def is_kong_conf_name(name: str) -> bool:
    """Whether a file is called like one: `kong.conf`, `kong.conf.default`, `kong-dev.conf`."""
    base = os.path.basename(name).lower()
    return base.startswith("kong") and (base.endswith(".conf") or base == "kong.conf.default")


def read_kong_conf(source: Source) -> Document:
    """The document of a `kong.conf`: one mapping of texts."""
    root = Mapping(source, 1, 1, None, None)
    for found in _LINE.finditer(source.text):
        key = found[1]
        text = _COMMENT.sub("", found[2]).replace("\\#", "#").rstrip()
        line, column = source.place(found.start(2))
        node = Scalar(source, line, column, root, key, text, True)
        place = packed(*source.place(found.start(1)))
        if key in root.entries:
            root.places[list(root.entries).index(key)] = place
        else:
            root.places.append(place)
        root.entries[key] = node
    return Document(source, root, "toml")
