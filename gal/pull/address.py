"""Where a gateway's API is, as a URL says it, and what stands in a URL that nobody may see."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote, unquote, urlsplit

from gal.errors import UsageError

_PORTS = {"http": 80, "https": 443}
_PATH = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Address:
    """The base of all requests.

    Attributes:
        scheme: `http` or `https`.
        host: name or address.
        port: TCP port.
        prefix: the path before all others, without a slash at its end.
        user: `USER:PASSWORD` of the URL; None where there is none.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    user: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        """The URL as it is shown: without user, password and path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def is_local(self) -> bool:
        """Whether what is sent stays on this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def parse_address(url: str) -> Address:
    """The parts of a URL such as `https://USER:PASSWORD@admin.test:8444/prefix`.

    Raises:
        UsageError: it is no URL of HTTP, or has a query.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_url(url) from None
    if parts.scheme not in _PORTS or not parts.hostname or not url.isprintable() or " " in url:
        raise _no_url(url)
    if parts.query or parts.fragment:
        raise UsageError("the URL is the base of an API: it has no query and no fragment")
    user = None
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    host = _ascii(parts.hostname, url)
    prefix = quote(parts.path.rstrip("/"), safe=_PATH)
    return Address(parts.scheme, host, port or _PORTS[parts.scheme], prefix, user)


def authorization(token: str) -> str:
    """The value of `Authorization`: `Basic` for `USER:PASSWORD`, else `Bearer`; what names one of
    them itself stays.
    """
    if token.partition(" ")[0].lower() in ("basic", "bearer"):
        return token
    if ":" in token:
        return "Basic " + base64.b64encode(token.encode()).decode()
    return f"Bearer {token}"


def _ascii(host: str, url: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise _no_url(url) from None


def _no_url(url: str) -> UsageError:
    """The error for a URL, of which only what no password can be in is shown."""
    shown = "..." if "@" in url or not url.isprintable() else url
    return UsageError(f'"{shown}" is no URL such as http://127.0.0.1:8001')
