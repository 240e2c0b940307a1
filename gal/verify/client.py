"""A client that sends requests exactly as they are written, to a gateway on this machine."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from gal.tracing.request import Request

_BUFFER = 65536
_LARGEST_ANSWER = 1 << 22
_WITHOUT_BODY = frozenset({204, 304})
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Response:
    """What a client got.

    Attributes:
        status: HTTP status; 0 when the connection broke or nobody answered in time.
        headers: names and values in order.
        body: the body's bytes.
    """

    status: int
    headers: Pairs = ()
    body: bytes = b""


def send(
    request: Request, address: tuple[str, int], extra: Pairs = (), timeout: float = 5.0
) -> Response:
    """Send a request on a connection of its own.

    Args:
        request: what is sent; its `client_ip` is bound to where it is a loopback address.
        address: of the gateway.
        extra: further headers.
        timeout: in seconds, for each step of the way.
    """
    try:
        with _connected(request, address, timeout) as connection:
            connection.sendall(_head(request, extra) + request.body)
            return _answer(connection, request.method)
    except (OSError, ValueError):
        return Response(0)


def _connected(request: Request, address: tuple[str, int], timeout: float) -> socket.socket:
    own = (request.client_ip, 0) if request.client_ip.startswith("127.") else None
    connection = socket.create_connection(address, timeout, own)
    if request.scheme != "https":
        return connection
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is on this machine, and shows what the file says
    return context.wrap_socket(connection, server_hostname=request.server_name)


def _head(request: Request, extra: Pairs) -> bytes:
    names = {name.lower() for name, _ in request.headers}
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Host: {request.authority}"]
    lines += [f"{name}: {value}" for name, value in (*request.headers, *extra)]
    if request.body and "content-length" not in names:
        lines.append(f"Content-Length: {len(request.body)}")
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _answer(connection: socket.socket, method: str) -> Response:
    received = bytearray()
    while b"\r\n\r\n" not in received:
        part = connection.recv(_BUFFER)
        if not part:
            return Response(0)
        received += part
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = tuple(
        (name, value.strip()) for name, _, value in (one.partition(":") for one in fields)
    )
    whole = bytearray(body)
    status = int(line.split(" ", 2)[1])
    length = _length(status, method, headers)
    while not _is_whole(whole, length) and len(whole) < _LARGEST_ANSWER:
        part = connection.recv(_BUFFER)
        if not part:
            break
        whole += part
    return Response(status, headers, bytes(whole))


def _length(status: int, method: str, headers: Pairs) -> int | None:
    """How long the body is; None where only its chunks or the end of the connection say so."""
    if method == "HEAD" or status in _WITHOUT_BODY:
        return 0
    said = next((value for name, value in headers if name.lower() == "content-length"), "")
    return int(said) if said.isdigit() else None


def _is_whole(body: bytearray, length: int | None) -> bool:
    return body.endswith(b"0\r\n\r\n") if length is None else len(body) >= length
