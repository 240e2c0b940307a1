"""A client that sends exactly what it is told, and follows nothing."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came: `status` 0 where the connection ended without one.

    Attributes:
        headers: in their order, duplicates kept.
        seconds: from the first byte sent to the last one received.
        error: why there is no answer; empty where there is one.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    error: str = ""

    def all(self, name: str) -> list[str]:
        """All values of a header, whatever the case of its name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The values of a header joined with commas; None where it is absent."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def send(
    port: int,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes | Sequence[bytes] = b"",
    *,
    host: str | None = "localhost",
    source: str | None = None,
    tls: ssl.SSLContext | None = None,
    sni: str | None = None,
    timeout: float = 10.0,
) -> Response:
    """Send one request over a connection of its own to a port of 127.0.0.1.

    Args:
        port: where to.
        method: any token.
        path: the request target, sent as it is: no part of it is resolved or encoded.
        headers: sent in this order, duplicates too.
        body: bytes go with a length, a list of bytes goes in chunks.
        host: the `Host` header; None sends none.
        source: address to send from, such as 127.0.0.2 (all of 127/8 is local on Linux).
        tls: speak TLS, as this context says.
        sni: server name of the handshake; `host` without its port by default.
        timeout: seconds for each step.

    Returns:
        The answer; `status` is 0 where the other side ended the connection or the handshake.
    """
    began = time.monotonic()
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.sock = _connect(port, source, timeout, tls, sni or _bare(host))
        _put(connection, method, path, headers, body, host)
        answer = connection.getresponse()
        content = answer.read()
        return Response(
            answer.status, tuple(answer.getheaders()), content, time.monotonic() - began
        )
    except TimeoutError:
        raise
    except (http.client.HTTPException, OSError) as error:
        return Response(0, (), b"", time.monotonic() - began, error=repr(error))
    finally:
        connection.close()


def _connect(
    port: int, source: str | None, timeout: float, tls: ssl.SSLContext | None, sni: str | None
) -> socket.socket:
    sock = socket.create_connection((HOST, port), timeout, (source, 0) if source else None)
    if tls is None:
        return sock
    try:
        return tls.wrap_socket(sock, server_hostname=sni)
    except BaseException:
        sock.close()
        raise


def _put(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Iterable[tuple[str, str]],
    body: bytes | Sequence[bytes],
    host: str | None,
) -> None:
    pairs = list(headers)
    given = {name.lower() for name, _ in pairs}
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    if host is not None:
        connection.putheader("Host", host)
    for name, value in pairs:
        connection.putheader(name, value)
    if not isinstance(body, bytes):
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(iter(body), encode_chunked=True)
        return
    if "content-length" not in given and (body or method in {"POST", "PUT", "PATCH"}):
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)


def _bare(host: str | None) -> str | None:
    if host is None or host.startswith("["):
        return host and host[1:].partition("]")[0]
    return host.partition(":")[0]
