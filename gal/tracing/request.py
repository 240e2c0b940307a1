"""A request as a client sends it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from gal.errors import UsageError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_NO_HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a client sends it.

    Attributes:
        method: as sent, such as `GET`.
        scheme: `http` or `https`.
        host: the `Host` header without its port, in lower case.
        port: the port of the gateway that the client connects to; unset is not known.
        path: as sent, with percent signs, without the query.
        query: what stands after `?`, as sent; unset when there is no `?`.
        headers: names and values in the order in which they were sent, without `Host`.
        client_ip: address of the client.
        server_name: TLS server name; unset without TLS.
        body: the body's bytes.
    """

    method: str
    scheme: str
    host: str
    port: int | None
    path: str
    query: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    client_ip: str = "127.0.0.1"
    server_name: str | None = None
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def header(self, name: str) -> str | None:
        """The values of a header, joined as one list; None when it is absent."""
        found = [value for one, value in self.headers if one.lower() == name.lower()]
        return ", ".join(found) if found else None

    def parameters(self) -> Iterator[tuple[str, str | None]]:
        """Names and values of the query as sent, not decoded; None where there is no `=`."""
        for part in (self.query or "").split("&"):
            if part:
                name, equals, value = part.partition("=")
                yield name, value if equals else None


def parse_request(
    method: str,
    url: str,
    headers: Iterable[str] = (),
    client_ip: str = "127.0.0.1",
    server_name: str | None = None,
) -> Request:
    """The request that a command line describes.

    Args:
        method: HTTP method; its case is kept, since gateways compare it.
        url: a whole URL, or only a path with its query.
        headers: texts such as `Accept: text/html`; a `Host` takes the place of the URL's.
        client_ip: IPv4 or IPv6 address.
        server_name: TLS server name; unset is the URL's host for https.

    Raises:
        UsageError: one of them is not sound.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{_NO_HOST}{url}")
        port = parts.port
        address = str(ipaddress.ip_address(client_ip))
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not url.startswith(("/", "http://", "https://")):
        raise UsageError(f'"{url}" is no URL and no path: write http://HOST/PATH or /PATH')
    if not method.isascii() or not method.isalpha():
        raise UsageError(f'"{method}" is no method')
    sent = [_header(text) for text in headers]
    host = next((value for name, value in sent if name.lower() == "host"), parts.netloc)
    name, in_header = _host_and_port(host.rpartition("@")[2])
    secure = parts.scheme == "https"
    whole = url.partition("#")[0]
    return Request(
        method,
        parts.scheme,
        name,
        port or in_header or (_DEFAULT_PORTS[parts.scheme] if "://" in url else None),
        parts.path or "/",
        parts.query if "?" in whole else None,
        tuple(one for one in sent if one[0].lower() != "host"),
        address,
        (server_name or name) if secure else None,
    )


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or "\n" in text or "\r" in text:
        raise UsageError(f'"{text}" is no header: write NAME: VALUE')
    return name.strip(), value.strip()


def _host_and_port(text: str) -> tuple[str, int | None]:
    name, colon, number = text.rpartition(":")
    if colon and number.isdigit() and not name.endswith(":"):
        return name.lower(), int(number)
    return text.lower(), None
