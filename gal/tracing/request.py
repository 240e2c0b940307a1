"""A request as a client sends it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from gal.errors import UsageError

DEFAULT_PORTS = {"http": 80, "https": 443}
_NO_HOST = "localhost"
_WHOLE_URL = re.compile(r"https?://", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2"""
_NO_PLACE = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a client sends it.

    Attributes:
        method: as sent, such as `GET`.
        scheme: `http` or `https`.
        host: the `Host` header without its port, as sent.
        port: the port of the gateway that the client connects to; unset is not known.
        path: as sent, with percent signs, without the query.
        query: what stands after `?`, as sent; unset when there is no `?`.
        headers: names and values in the order in which they were sent, without `Host`.
        client_ip: address of the client.
        server_name: TLS server name; unset without TLS.
        body: the body's bytes.
        host_port: the port that the `Host` header names; unset when it names none.
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
    host_port: int | None = None

    @property
    def authority(self) -> str:
        """The `Host` header."""
        return self.host if self.host_port is None else f"{self.host}:{self.host_port}"

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
    if not _TOKEN.fullmatch(method):
        raise UsageError(f'"{method}" is no method')
    whole = _WHOLE_URL.match(url) is not None
    if not whole and not url.startswith("/"):
        raise UsageError(f'"{url}" is no URL and no path: write http://HOST/PATH or /PATH')
    if _NO_PLACE.search(url):
        raise UsageError(f'"{url}" has a space or a control character: write it as %20 and so on')
    sent_url = url.partition("#")[0]
    try:
        parts = urlsplit(sent_url if whole else f"http://{_NO_HOST}{sent_url}")
        port = parts.port
        address = str(ipaddress.ip_address(client_ip))
    except ValueError as error:
        raise UsageError(str(error)) from None
    secure = parts.scheme == "https"
    if server_name is not None and not secure:
        raise UsageError("a TLS server name needs a URL with https")
    sent = [_header(text) for text in headers]
    name, named_port = _host_and_port(_host(sent, parts.netloc.rpartition("@")[2], url))
    connected = port if port is not None else named_port
    if connected is None and whole:
        connected = DEFAULT_PORTS[parts.scheme]
    return Request(
        method,
        parts.scheme,
        name,
        connected,
        parts.path or "/",
        parts.query if "?" in sent_url else None,
        tuple(one for one in sent if one[0].lower() != "host"),
        address,
        (server_name or name) if secure else None,
        host_port=named_port,
    )


def _host(sent: list[tuple[str, str]], of_url: str, url: str) -> str:
    """What the `Host` header says: there is one, and no more than one."""
    said = [value for name, value in sent if name.lower() == "host"]
    if len(said) > 1:
        raise UsageError("a request has one Host")
    host = said[0] if said else of_url
    if not host.rstrip(":"):
        raise UsageError(f'"{url}" names no host: write http://HOST/PATH or /PATH')
    return host


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name = name.strip()
    if not colon or not _TOKEN.fullmatch(name) or any(one in text for one in "\0\n\r"):
        raise UsageError(f'"{text}" is no header: write NAME: VALUE')
    return name, value.strip()


def _host_and_port(text: str) -> tuple[str, int | None]:
    name, colon, number = text.rpartition(":")
    if not colon or name.endswith(":"):
        return text, None
    if number.isascii() and number.isdigit():
        return name, int(number)
    return (name, None) if not number else (text, None)
